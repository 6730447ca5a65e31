"""How the phoneme network learns: windows of disguised speech whose phonemes are known, frame by frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from avsynth.core.files import read_text
from avsynth.core.serial import from_json
from avsynth.core.speech import PhonemeTimeline
from avsynth.models.phoneme_net import leveled
from avsynth.models.voice_mel import FRAME_RATE, MELS, log_mel
from avsynth.training.backends.brain import Batch, Losses, TrainingBrain
from avsynth.training.manifest import place_of, read_manifest
from avsynth.training.recordings import read_mono
from avsynth.voice.phones import phones_of

UNKNOWN = -100  # label of what is not learnt from
_NOISY = 0.5  # share of the windows that noise is put under


def labels(timeline: PhonemeTimeline, *, count: int) -> NDArray[np.int64]:
    """The phone of every frame; a symbol of two phones is half the one and half the other."""
    found = np.zeros(count, np.int64)
    for phoneme in timeline:
        phones = phones_of(phoneme.symbol)
        edges = np.linspace(float(phoneme.span.start), float(phoneme.span.end), len(phones) + 1) * FRAME_RATE
        for index, phone in enumerate(phones):
            found[round(edges[index]) : round(edges[index + 1])] = phone
    return found


class Windows(Dataset[dict[str, Tensor]]):
    """Windows of speech with the phone of every frame; disguised where they are trained on."""

    def __init__(self, manifest: Path, split: str, *, length: int, disguise: bool) -> None:
        self.length, self.disguise = length, disguise
        self.items = read_manifest(manifest, verify=False).part(split)
        self.sounds = [read_mono(item, manifest=manifest) for item in self.items]
        self.mels = [log_mel(torch.from_numpy(sound[None]))[0] for sound in self.sounds]
        timelines = [
            from_json(read_text(place_of(item.files["timeline"], manifest=manifest)), PhonemeTimeline, source=item.id)
            for item in self.items
        ]
        self.labels = [labels(t, count=mel.shape[1]) for t, mel in zip(timelines, self.mels, strict=True)]
        del self.sounds
        self.weights = [float(mel.shape[1]) for mel in self.mels]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        mel, phones = self.mels[index], torch.from_numpy(self.labels[index])
        if self.disguise:
            mel = disguised(mel)
        mel = leveled(mel)
        spare = mel.shape[1] - self.length
        first = int(np.random.randint(0, spare + 1)) if spare > 0 and self.disguise else 0  # noqa: NPY002
        window, said = mel[:, first : first + self.length], phones[first : first + self.length]
        missing = self.length - window.shape[1]
        if missing > 0:
            window = nn.functional.pad(window, (0, missing), value=float(window.min()))
            said = nn.functional.pad(said, (0, missing), value=UNKNOWN)
        return {"mel": window, "phones": said}


def disguised(mel: Tensor) -> Tensor:
    """Log mels ``(MELS, T)`` as another throat, microphone and room would give them.

    The mel axis is stretched (length of the vocal tract), tilted (equalizer), and noise is put under it.
    """
    chance = np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002 - the run saves this state
    at = np.clip(np.arange(MELS) * (1 + chance.uniform(-0.12, 0.12)) + chance.uniform(-1, 1), 0, MELS - 1)
    first = torch.from_numpy(np.minimum(at.astype(np.int64), MELS - 2))
    share = torch.from_numpy((at - first.numpy()).astype(np.float32))[:, None]
    moved = mel[first] * (1 - share) + mel[first + 1] * share + _curve(chance, 5, 0.7)
    if chance.random() < _NOISY:
        level = float(torch.quantile(mel, 0.9)) - chance.uniform(2.5, 6)  # natural log of magnitude
        noise = level + _curve(chance, 4, 0.7) + torch.randn_like(moved) * 0.4
        moved = torch.logaddexp(2 * moved, 2 * noise) / 2
    return moved


def _curve(chance: np.random.Generator, knots: int, deviation: float) -> Tensor:
    curve = np.interp(np.arange(MELS), np.linspace(0, MELS - 1, knots), chance.normal(0, deviation, knots))
    return torch.from_numpy(curve.astype(np.float32))[:, None]


class PhonemeBrain(TrainingBrain):
    """Cross entropy of every frame."""

    averaged = "network"

    def losses(self, batch: Batch) -> Losses:
        """Of the network that is trained."""
        logits = self.modules["network"](batch["mel"])
        return {"entropy": nn.functional.cross_entropy(logits, batch["phones"], ignore_index=UNKNOWN)}

    def validation(self, batch: Batch) -> dict[str, Tensor]:
        """Of the averaged one, with the share of frames that are right, of all and of speech."""
        logits = self.best().eval()(batch["mel"])
        right = (logits.argmax(dim=1) == batch["phones"]).float()
        known, speech = batch["phones"] >= 0, batch["phones"] > 0
        entropy = nn.functional.cross_entropy(logits, batch["phones"], ignore_index=UNKNOWN)
        return {"entropy": entropy, "right": right[known].mean(), "right_speech": right[speech].mean()}
