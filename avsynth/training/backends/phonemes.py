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


class Windows(Dataset[Batch]):
    """Windows of speech with the phone of every frame, as many at once as asked for, on one device.

    Args:
        manifest: What ``recipes/LibriSpeech/PhonemeNet/prepare.py`` wrote.
        split: Of the corpus.
        length: Frames of a window.
        disguise: Whether they are drawn at random and changed, to be trained on.
        device: Where the speech is kept.
    """

    def __init__(self, manifest: Path, split: str, *, length: int, disguise: bool, device: str = "cpu") -> None:
        self.length, self.disguise = length, disguise
        self.items = read_manifest(manifest, verify=False).part(split)
        sounds = (read_mono(item, manifest=manifest) for item in self.items)
        mels = [log_mel(torch.from_numpy(sound[None]))[0].T.half() for sound in sounds]
        timelines = [
            from_json(read_text(place_of(item.files["timeline"], manifest=manifest)), PhonemeTimeline, source=item.id)
            for item in self.items
        ]
        self.counts = [len(mel) for mel in mels]
        self.firsts = np.cumsum([0, *self.counts])[:-1].tolist()
        said = [torch.from_numpy(labels(t, count=n)) for t, n in zip(timelines, self.counts, strict=True)]
        self.mel, self.phones = (torch.cat(values).to(device) if values else torch.empty(0) for values in (mels, said))
        self.weights = [float(count) for count in self.counts]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Batch:
        return {name: values[0] for name, values in self.__getitems__([index]).items()}

    def __getitems__(self, indices: list[int]) -> Batch:
        device = self.mel.device
        spare = np.maximum([self.counts[index] - self.length for index in indices], 0)
        drawn = np.random.randint(0, spare + 1) if self.disguise else 0 * spare  # noqa: NPY002
        row = torch.from_numpy(drawn)[:, None].to(device) + torch.arange(self.length, device=device)
        count = torch.tensor([self.counts[index] for index in indices], device=device)[:, None]
        begin = torch.tensor([self.firsts[index] for index in indices], device=device)[:, None]
        there = row < count
        place = begin + torch.minimum(row, count - 1)
        mel = self.mel[place].float().transpose(1, 2)
        if self.disguise:
            mel = disguised(mel)
        lowest = mel.amin(dim=(1, 2), keepdim=True)
        mel = torch.where(there[:, None], mel, lowest)
        return {"mel": leveled(mel), "phones": torch.where(there, self.phones[place], UNKNOWN)}


def disguised(mel: Tensor) -> Tensor:
    """Log mels ``(B, MELS, T)`` as other throats, microphones and rooms would give them.

    The mel axis is stretched (length of the vocal tract), tilted (equalizer), and noise is put under it.
    """
    count, device = len(mel), mel.device
    band = torch.arange(MELS)
    at = (band * (1 + _between(-0.12, 0.12, count, 1)) + _between(-1, 1, count, 1)).clamp(0, MELS - 1)
    first = at.long().clamp_max(MELS - 2)
    share = (at - first).to(device)[..., None]
    low, high = (torch.gather(mel, 1, index.to(device)[..., None].expand_as(mel)) for index in (first, first + 1))
    moved = low * (1 - share) + high * share + _curve(count, 5, 0.7).to(device)
    level = torch.quantile(mel.flatten(1), 0.9, dim=1)[:, None, None] - _between(2.5, 6, count, 1, 1).to(device)
    noise = level + _curve(count, 4, 0.7).to(device) + torch.randn_like(moved) * 0.4
    noisy = (torch.rand(count, 1, 1) < _NOISY).to(device)
    return torch.where(noisy, torch.logaddexp(2 * moved, 2 * noise) / 2, moved)


def _between(low: float, high: float, *shape: int) -> Tensor:
    return low + (high - low) * torch.rand(*shape)


def _curve(count: int, knots: int, deviation: float) -> Tensor:
    """Smooth gains ``(B, MELS, 1)``, natural log of magnitude."""
    points = torch.randn(count, 1, knots) * deviation
    return nn.functional.interpolate(points, MELS, mode="linear", align_corners=True).transpose(1, 2)


class PhonemeBrain(TrainingBrain):
    """Cross entropy of every frame.

    Attributes:
        half: Whether convolutions run in bfloat16.
    """

    averaged = "network"
    half: bool = False

    def losses(self, batch: Batch) -> Losses:
        """Of the network that is trained."""
        with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16, enabled=self.half):
            logits = self.modules["network"](batch["mel"])
        return {"entropy": nn.functional.cross_entropy(logits.float(), batch["phones"], ignore_index=UNKNOWN)}

    def validation(self, batch: Batch) -> dict[str, Tensor]:
        """Of the averaged one, with the share of frames that are right, of all and of speech."""
        logits = self.best().eval()(batch["mel"])
        right = (logits.argmax(dim=1) == batch["phones"]).float()
        known, speech = batch["phones"] >= 0, batch["phones"] > 0
        entropy = nn.functional.cross_entropy(logits, batch["phones"], ignore_index=UNKNOWN)
        return {"entropy": entropy, "right": right[known].mean(), "right_speech": right[speech].mean()}
