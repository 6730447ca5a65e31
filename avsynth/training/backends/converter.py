"""How the converter learns: speech is said again in the voice that is heard in the rest of the same recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from avsynth.models.ge2e import Ge2e, mel_power
from avsynth.models.losses import weighted_l1
from avsynth.models.neural_vocoder import NeuralVocoder
from avsynth.models.phoneme_net import PhonemeNet, leveled
from avsynth.models.voice_converter import Reference, melody_of, phone_chances, transposed
from avsynth.training.backends.adversarial import AdversarialBrain, Judgement
from avsynth.training.backends.brain import Batch, Losses
from avsynth.training.manifest import place_of, read_manifest

_MARGIN = 8  # frames between what is learnt and what is looked up
_LEAST_REFERENCE = 60
_OF_VOICE = ("embedding", "voice", "reference_content", "reference_mel", "known")

Embedder = Callable[[Tensor, Tensor], Tensor]


class Voices(Dataset[dict[str, Tensor]]):
    """Windows of speech, and other frames of the same voice.

    Args:
        manifest: What ``recipes/LibriSpeech/VoiceCloner/prepare.py`` wrote.
        split: Of the corpus.
        frames: Length of a window.
        reference: Most frames to look up.
        chance: Whether windows are drawn at random; else the same ones each time.
    """

    def __init__(self, manifest: Path, split: str, *, frames: int, reference: int, chance: bool) -> None:
        self.frames, self.reference, self.chance = frames, reference, chance
        self.items = read_manifest(manifest, verify=False).part(split)
        self.parts = [_load(place_of(item.files["features"], manifest=manifest)) for item in self.items]
        self.weights = [
            float(item.facts["weight"]) * part["mel"].shape[1]
            for item, part in zip(self.items, self.parts, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        part = self.parts[index]
        chance = np.random if self.chance else np.random.RandomState(index)
        count = part["mel"].shape[1]
        first = int(chance.randint(0, max(1, count - self.frames)))
        window = slice(first, first + self.frames)
        free = np.ones(count, bool)
        free[max(0, first - _MARGIN) : first + self.frames + _MARGIN] = False
        rows = np.flatnonzero(free)
        length = int(chance.randint(_LEAST_REFERENCE, self.reference + 1))
        start = int(chance.randint(0, max(1, len(rows) - length)))
        rows = rows[start : start + length]
        known = np.zeros(self.reference, np.float32)
        known[: len(rows)] = 1
        return self._aloud(index, first) | {
            "content": _padded(part["content"][:, window], self.frames),
            "mel": _padded(part["mel"][:, window], self.frames),
            "embedding": torch.from_numpy(part["embeddings"][chance.randint(len(part["embeddings"]))]),
            "voice": torch.from_numpy(part["embeddings"][0]),
            "reference_content": _padded(part["content"][:, rows], self.reference),
            "reference_mel": _padded(part["mel"][:, rows], self.reference),
            "known": torch.from_numpy(known),
        }

    def _aloud(self, index: int, first: int) -> dict[str, Tensor]:
        """More of the window that begins at frame ``first``: nothing, unless a subclass needs it."""
        return {}


def _load(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as data:
        return {name: data[name] for name in ("content", "mel", "embeddings")}


def _padded(values: NDArray[np.floating], length: int) -> Tensor:
    found = np.zeros((values.shape[0], length), np.float32)
    found[:, : values.shape[1]] = values
    return torch.from_numpy(found)


class ConverterBrain(AdversarialBrain):
    """Distances of mels, a discriminator of mels, and whether encoders hear the right voice in them.

    Attributes:
        half: Whether convolutions run in bfloat16.
        listen_every: In how many steps the encoders listen once, and weigh as much more.
        encoders: What gives vectors ``(B, D)`` of log mels ``(B, MELS, T)`` and the content they say, by the names
            of the losses.
        phonemes: The phoneme network. With it, speech is also said in the voice of the next recording of the batch:
            nobody knows how that should sound, but it is known whose voice it should be and what is said.
    """

    half: bool = False
    listen_every: int = 1
    encoders: Mapping[str, Embedder] = MappingProxyType({})
    phonemes: PhonemeNet | None = None

    def make(self, batch: Batch) -> Tensor:
        """What was said, said again."""
        with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16, enabled=self.half):
            made: Tensor = self.modules["generator"](batch["content"], reference=reference_of(batch))
        return made.float()

    def real(self, batch: Batch) -> Tensor:
        """What was heard."""
        return batch["mel"]

    def judge(self, batch: Batch, example: Tensor) -> Judgement:
        """Patch by patch, beside what is said and by whom."""
        voice = (batch["voice"] * 16)[..., None].expand(-1, -1, example.shape[2])
        with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16, enabled=self.half):
            scores, features = self.modules["discriminator"](example, torch.cat([batch["content"], voice], dim=1))
        return [score.float() for score in scores], [feature.float() for feature in features]

    def distances(self, batch: Batch, made: Tensor) -> Losses:
        """Of mels and of how they change, and of voices."""
        true = batch["mel"]
        losses = {
            "mel": weighted_l1(made, true),
            "change": weighted_l1(made.diff(dim=2), true.diff(dim=2)) + weighted_l1(made.diff(dim=1), true.diff(dim=1)),
        }
        listens = not made.requires_grad or self.optimizer_step % self.listen_every == 0
        for name in self.encoders:
            losses[name] = torch.zeros(())
            if not listens:
                continue
            distance = self._unlike(name, made, content=batch["content"], whose=batch)
            losses[name] = distance * (self.listen_every if made.requires_grad else 1)
        if self.phonemes is not None:
            losses |= self._converted(batch) if listens else {"converted": torch.zeros(()), "said": torch.zeros(())}
        return losses

    def _unlike(self, name: str, made: Tensor, *, content: Tensor, whose: Mapping[str, Tensor]) -> Tensor:
        """How unlike the wanted voices an encoder finds mels that say ``content``."""
        encoder = self.encoders[name]
        with torch.no_grad():
            wanted = whose["voice"] if name == "ge2e" else encoder(whose["reference_mel"], whose["reference_content"])
        return 1 - nn.functional.cosine_similarity(encoder(made, content), wanted, dim=1).mean()

    def _converted(self, batch: Batch) -> Losses:
        """How unlike the wanted voice converted speech is, and how different what is heard in it."""
        assert self.phonemes is not None
        whose = {name: batch[name].roll(1, dims=0) for name in _OF_VOICE}
        content = in_register(batch["content"], whose=whose)
        training = self.modules["generator"].training
        network = self.modules["generator"] if training else self.best()
        with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16, enabled=self.half and training):
            made: Tensor = network(content, reference=reference_of(whose)).float()
        unlike = [self._unlike(name, made, content=content, whose=whose) for name in self.encoders]
        wanted_phones = phone_chances(batch["content"])
        heard = torch.log_softmax(self.phonemes(torch.stack([leveled(mel) for mel in made])), dim=1)
        said = nn.functional.kl_div(heard, wanted_phones, reduction="none", log_target=True).sum(dim=1).mean()
        weight = self.listen_every if training else 1
        return {"converted": torch.stack(unlike).sum() * weight, "said": said * weight}

    def validation(self, batch: Batch) -> dict[str, Tensor]:
        """The distances of the averaged network."""
        return self.distances(batch, self.best()(batch["content"], reference=reference_of(batch)))


def in_register(content: Tensor, *, whose: Mapping[str, Tensor]) -> Tensor:
    """Content ``(B, CONTENT, T)`` as high as the other voices of the batch speak."""
    (own, own_voiced), (other, other_voiced) = melody_of(content), melody_of(whose["reference_content"])
    other_voiced = other_voiced * whose["known"]
    shift = _mean_log(other, other_voiced) - _mean_log(own, own_voiced)
    heard = (own_voiced.sum(dim=1) > 0) & (other_voiced.sum(dim=1) > 0)  # a window may hold no voice at all
    return transposed(content, by=torch.where(heard, shift, 0.0))


def _mean_log(f0_hz: Tensor, weight: Tensor) -> Tensor:
    return (f0_hz.log() * weight).sum(dim=1) / weight.sum(dim=1).clamp_min(1)


def reference_of(batch: Batch) -> Reference:
    """What a batch knows of its voices."""
    return Reference(batch["embedding"], batch["reference_content"], batch["reference_mel"], batch["known"])


class Ge2eOfSound(nn.Module):
    """The GE2E encoder over the sound that the vocoder makes of mels, so that the converter can be trained through it.

    Args:
        encoder: With its weights.
        vocoder: With its weights.
    """

    def __init__(self, encoder: Ge2e, *, vocoder: NeuralVocoder) -> None:
        super().__init__()
        self.encoder, self.vocoder = encoder.requires_grad_(False), vocoder.eval().requires_grad_(False)

    def forward(self, mel: Tensor, content: Tensor) -> Tensor:
        """Unit vectors ``(B, D)`` of log mels ``(B, MELS, T)`` that say ``content (B, CONTENT, T)``."""
        f0_hz, voiced = melody_of(content)
        vector: Tensor = self.encoder(mel_power(self.vocoder(mel, f0_hz=f0_hz, voiced=voiced)))
        return vector
