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

from avsynth.models.losses import weighted_l1
from avsynth.models.voice_articulation import articulated, striped
from avsynth.models.voice_cepstra import LONGEST_THROAT, cepstra_of
from avsynth.models.voice_converter import Reference, melody_of, reshaped, transposed, unheard
from avsynth.models.voice_mel import level_of
from avsynth.training.backends.adversarial import AdversarialBrain, Judgement
from avsynth.training.backends.brain import Batch, Losses
from avsynth.training.manifest import place_of, read_manifest
from avsynth.voice.content import LEVEL, Hearing

_MARGIN = 8  # frames between what is learnt and what is looked up
_LEAST_REFERENCE = 60
_MOST_CONTEXT = 300  # frames to either side of a window that its cepstra may be measured against
_SHORTEST_GAP, _LONGEST_GAP = 20, 80  # frames
_BLUR = 0.1  # spreads of noise on cepstra
_SILENT = LEVEL - 2.5  # natural log of magnitude: 22 dB fainter than loud speech
_UNDERSTOOD = 4  # examples of a batch: it takes long
_OF_VOICE = ("embedding", "voice", "reference_content", "reference_mel", "known")

Embedder = Callable[[Tensor, Tensor], Tensor]


class Voices(Dataset[Batch]):
    """Windows of speech, and other frames of the same voice; asked for many at once, it gives them as one batch.

    All of it lies in the memory of one device, so that nothing is waited for.

    Args:
        manifest: What ``recipes/LibriSpeech/VoiceCloner/prepare.py`` wrote.
        split: Of the corpus.
        frames: Length of a window.
        reference: Most frames to look up.
        chance: Whether windows are drawn at random; else the same ones each time.
        device: Where the speech is kept and batches are made.
    """

    def __init__(
        self, manifest: Path, split: str, *, frames: int, reference: int, chance: bool, device: str = "cpu"
    ) -> None:
        self.frames, self.reference, self.chance = frames, reference, chance
        self.items = read_manifest(manifest, verify=False).part(split)
        parts = [_load(place_of(item.files["features"], manifest=manifest)) for item in self.items]
        self.counts = [part["mel"].shape[1] for part in parts]
        self.firsts = np.cumsum([0, *self.counts])[:-1].tolist()
        self.mel, self.content = (
            torch.from_numpy(np.concatenate([part[name].T for part in parts])).to(device) if parts else torch.empty(0)
            for name in ("mel", "content")
        )
        self.embeddings = [torch.from_numpy(part["embeddings"]) for part in parts]
        self.recorded = [item.facts.get("kind") != "spoken" for item in self.items]
        self.kept = [float(item.facts.get("kept", "0")) for item in self.items]
        self.weights = [
            float(item.facts["weight"]) * count for item, count in zip(self.items, self.counts, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Batch:
        return {name: values[0] for name, values in self.__getitems__([index]).items()}

    def __getitems__(self, indices: list[int]) -> Batch:
        draws = [self._draw(index) for index in indices]
        device = self.mel.device
        first, start, length = (torch.tensor(values, device=device)[:, None] for values in zip(*draws, strict=True))
        begin = torch.tensor([self.firsts[index] for index in indices], device=device)[:, None]
        count = torch.tensor([self.counts[index] for index in indices], device=device)[:, None]
        row = first + torch.arange(self.frames, device=device)
        taken = torch.arange(self.reference, device=device)
        other = start + taken
        left = (first - _MARGIN).clamp_min(0)
        other = torch.where(other >= left, other - left + first + self.frames + _MARGIN, other)
        inside, known = row < count, (taken < length) & (other < count)
        vectors = [self.embeddings[index] for index in indices]
        heard = [each[self._integer(index, len(each))] for index, each in zip(indices, vectors, strict=True)]
        content = _rows(self.content, begin + row, there=inside)
        if self.chance:
            content = reshaped(content, cepstra=self._other_throats(first, begin=begin, count=count))
        return self._aloud(indices, first, begin=begin, count=count) | {
            "content": content,
            "mel": _rows(self.mel, begin + row, there=inside),
            "embedding": torch.stack(heard).to(device),
            "voice": torch.stack([each[0] for each in vectors]).to(device),
            "kept": torch.tensor([self.kept[index] for index in indices], device=device),
            "recorded": torch.tensor([self.recorded[index] for index in indices], device=device),
            "reference_content": _rows(self.content, begin + other, there=known),
            "reference_mel": _rows(self.mel, begin + other, there=known),
            "known": known.float(),
        }

    def _draw(self, index: int) -> tuple[int, int, int]:
        """The first frame of a window, the first one to look up of those that remain, and how many."""
        count = self.counts[index]
        first = self._integer(index, max(1, count - self.frames))
        free = max(0, first - _MARGIN) + max(0, count - first - self.frames - _MARGIN)
        length = _LEAST_REFERENCE + self._integer(index, self.reference + 1 - _LEAST_REFERENCE)
        return first, self._integer(index, max(1, free - length)), length

    def _other_throats(self, first: Tensor, *, begin: Tensor, count: Tensor) -> Tensor:
        """Cepstra of the windows that begin at the frames ``first (B, 1)``, as if others had said them.

        The network is to take from them what is said and not who says it: so throats differ from those that are to be
        made, and so does how much speech mean and spread are taken of.
        """
        device = first.device
        before = (torch.rand(first.shape, device=device) * _MOST_CONTEXT).long().clamp_max(first)
        after = (torch.rand(first.shape, device=device) * _MOST_CONTEXT).long()
        row = torch.arange(self.frames + 2 * _MOST_CONTEXT, device=device)
        there = (row < before + self.frames + after) & (first - before + row < count)
        mel = _rows(self.mel, begin + first - before + row, there=there)
        warp = torch.exp((2 * torch.rand(len(first), device=device) - 1) * LONGEST_THROAT)
        cepstra = cepstra_of(mel, there=there, warp=warp)
        cepstra = (cepstra + _BLUR * torch.randn_like(cepstra)) * there[:, None]
        window = (before + torch.arange(self.frames, device=device))[:, None].expand(-1, cepstra.shape[1], -1)
        return cepstra.gather(2, window)

    def _integer(self, index: int, below: int) -> int:
        """Drawn evenly; without chance always the same for the same example."""
        chance = np.random if self.chance else np.random.RandomState(index)
        return int(chance.randint(0, below))

    def _aloud(self, indices: list[int], first: Tensor, *, begin: Tensor, count: Tensor) -> Batch:
        """More of the windows that begin at the frames ``first (B, 1)``: nothing, unless a subclass needs it."""
        return {}


def _load(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as data:
        return {name: data[name] for name in ("content", "mel", "embeddings")}


def _rows(values: Tensor, rows: Tensor, *, there: Tensor) -> Tensor:
    """Rows ``(B, T)`` of ``values (N, C)`` as ``(B, C, T)``, 0 where they are not ``there``."""
    found = values[rows.clamp(0, len(values) - 1)].float() * there[..., None]
    return found.transpose(1, 2).contiguous()


class ConverterBrain(AdversarialBrain):
    """Distances of mels, a discriminator of mels, and whether encoders hear the right voice in them.

    Attributes:
        half: Whether convolutions run in bfloat16.
        listen_every: In how many steps the encoders listen once, and weigh as much more.
        encoders: What gives vectors ``(B, D)`` of log mels ``(B, MELS, T)`` and the content they say, by the names
            of the losses.
        gaps: Share of the windows that have a gap in which no phone is heard: there the cepstra must do.
        hearing: The phoneme network. With it, speech is also said in the voice of another recording of the batch:
            nobody knows how that should sound, but it is known whose voice it should be and what is said.
        understanding: What gives vectors ``(B, T', D)`` of what is said in log mels and their content. With it, what
            bases say is to be understood in another voice as in their own.
    """

    half: bool = False
    listen_every: int = 1
    gaps: float = 0.0
    encoders: Mapping[str, Embedder] = MappingProxyType({})
    hearing: Hearing | None = None
    understanding: Embedder | None = None

    def make(self, batch: Batch) -> Tensor:
        """What was said, said again."""
        content = with_gaps(batch["content"], share=self.gaps)
        with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16, enabled=self.half):
            made: Tensor = self.modules["generator"](content, reference=reference_of(batch))
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
            losses[name] = torch.zeros((), device=made.device)
            if not listens:
                continue
            distance = self._unlike(name, made, content=batch["content"], whose=batch)
            losses[name] = distance * (self.listen_every if made.requires_grad else 1)
        if self.hearing is not None:
            nothing = torch.zeros((), device=made.device)
            names = ("converted", "said", "uneven", *(["understood"] if self.understanding else []))
            losses |= self._converted(batch) if listens else dict.fromkeys(names, nothing)
        return losses

    def _unlike(self, name: str, made: Tensor, *, content: Tensor, whose: Mapping[str, Tensor]) -> Tensor:
        """How unlike the wanted voices an encoder finds mels that say ``content``."""
        encoder = self.encoders[name]
        with torch.no_grad():
            wanted = whose["voice"] if name == "ge2e" else encoder(whose["reference_mel"], whose["reference_content"])
        return 1 - nn.functional.cosine_similarity(encoder(made, content), wanted, dim=1).mean()

    def _converted(self, batch: Batch) -> Losses:
        """How unlike the wanted voice converted speech is, and how different what is heard in it."""
        assert self.hearing is not None
        other = another(batch["recorded"])
        whose = {name: batch[name][other] for name in _OF_VOICE}
        content = in_register(batch["content"], whose=whose)
        training = self.modules["generator"].training
        network = self.modules["generator"] if training else self.best()
        with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16, enabled=self.half and training):
            heard = with_gaps(content, share=self.gaps if training else 0)
            made: Tensor = network(heard, reference=reference_of(whose)).float()
        uneven = more_striped(made, batch=batch, whose=whose)
        # From here on as in use, where some of a base's movement is kept.
        made = articulated(made, spoken=batch["mel"], share=batch["kept"][:, None].expand(-1, made.shape[2]))
        unlike = [self._unlike(name, made, content=content, whose=whose) for name in self.encoders]
        said = self.hearing.misheard(made, content=batch["content"])
        losses = {"converted": torch.stack(unlike).sum(), "said": said, "uneven": uneven}
        if self.understanding is not None:
            losses["understood"] = misunderstood(made, content=content, batch=batch, heard_by=self.understanding)
        return {name: loss * (self.listen_every if training else 1) for name, loss in losses.items()}

    def validation(self, batch: Batch) -> dict[str, Tensor]:
        """The distances of the averaged network."""
        return self.distances(batch, self.best()(batch["content"], reference=reference_of(batch)))


def misunderstood(made: Tensor, *, content: Tensor, batch: Mapping[str, Tensor], heard_by: Embedder) -> Tensor:
    """How differently what bases say is understood in other voices: 0 alike, 1 not at all.

    Args:
        made: Log mels ``(B, MELS, T)`` in other voices than those of the batch.
        content: What they say, as high as they say it.
        batch: As ``Voices`` gives it; what people say is left out, and so is what is too much to listen to.
        heard_by: What gives vectors ``(B, T', D)`` of log mels and content.
    """
    spoken = (~batch["recorded"]).nonzero()[:_UNDERSTOOD, 0]
    if not len(spoken):
        return made.sum() * 0
    with torch.no_grad():
        wanted = heard_by(batch["mel"][spoken], batch["content"][spoken])
    heard = heard_by(made[spoken], content[spoken])
    return 1 - nn.functional.cosine_similarity(heard, wanted, dim=2).mean()


def more_striped(made: Tensor, *, batch: Mapping[str, Tensor], whose: Mapping[str, Tensor]) -> Tensor:
    """How much more striped converted speech is than the speech of those whose voice it has; less costs nothing.

    Args:
        made: Log mels ``(B, MELS, T)``.
        batch: What was converted, as ``Voices`` gives it.
        whose: The other voices of the batch.
    """
    with torch.no_grad():
        true = whose["reference_mel"]
        natural = striped(true, where=_sounds(true) * whose["known"])
    return (striped(made, where=_sounds(batch["mel"])) - natural).clamp_min(0).mean()


def _sounds(mel: Tensor) -> Tensor:
    """Which frames ``(B, T)`` are not silence, whatever else is there: what only fills up is louder than speech."""
    return (level_of(mel) > _SILENT).float()


def with_gaps(content: Tensor, *, share: float) -> Tensor:
    """Content ``(B, CONTENT, T)``, some of it with a gap in which no phone is heard."""
    count, _, length = content.shape
    size = torch.randint(_SHORTEST_GAP, _LONGEST_GAP + 1, (count, 1), device=content.device)
    start = (torch.rand(count, 1, device=content.device) * (length - size).clamp_min(1)).long()
    row = torch.arange(length, device=content.device)
    chosen = torch.rand(count, 1, device=content.device) < share
    return unheard(content, where=chosen & (row >= start) & (row < start + size))


def another(wanted: Tensor) -> Tensor:
    """For each example of a batch the number of another one, drawn from those ``wanted (B,)``, or from all.

    >>> int(another(torch.tensor([True, False, True]))[0])
    2
    """
    count = len(wanted)
    share = (wanted if int(wanted.sum()) > 1 else torch.ones_like(wanted)).float().cpu().expand(count, count).clone()
    if count > 1:
        share.fill_diagonal_(0)
    return torch.multinomial(share, 1)[:, 0].to(wanted.device)


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
