"""How the neural vocoder learns: crops of speech, resampled at random into other voices, against discriminators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from avsynth.models.losses import weighted_l1
from avsynth.models.neural_vocoder import NeuralVocoder
from avsynth.models.speech_discriminator import spectral_distance
from avsynth.models.voice_converter import VoiceConverter, melody_of
from avsynth.models.voice_mel import HOP, log_mel
from avsynth.training.backends.adversarial import AdversarialBrain, Judgement
from avsynth.training.backends.body import Body, resampled
from avsynth.training.backends.brain import Batch, Losses
from avsynth.training.backends.converter import Voices, reference_of
from avsynth.training.manifest import read_manifest
from avsynth.training.recordings import read_melody, read_mono

_FACTORS = (0.84, 1.19)  # how much faster speech may be played, to be another voice
_CONTEXT = 32  # frames that the converter hears before and after what is made
_LOOKED_UP = 400
_CONVERTED = 0.75  # of a batch: windows whose mel the converter makes; the mels of the others are the true ones
_RMS_DBFS = (-32.0, -18.0)


class Crops(Dataset[dict[str, Tensor]]):
    """Crops of speech with their mels and pitch."""

    def __init__(self, manifest: Path, split: str, *, frames: int, disguise: bool) -> None:
        self.frames, self.disguise = frames, disguise
        items = read_manifest(manifest, verify=False).part(split)
        self.sounds = [read_mono(item, manifest=manifest).astype(np.float16) for item in items]
        self.melodies = [read_melody(item, manifest=manifest) for item in items]
        self.weights = [float(len(sound)) for sound in self.sounds]

    def __len__(self) -> int:
        return len(self.sounds)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        sound, melody = self.sounds[index], self.melodies[index]
        low, high = np.log(_FACTORS)
        factor = float(np.exp(np.random.uniform(low, high))) if self.disguise else 1.0  # noqa: NPY002
        wanted = round(self.frames * factor)
        spare = len(melody) - 1 - wanted
        first = int(np.random.randint(0, spare)) if spare > 0 and self.disguise else 0  # noqa: NPY002
        part = np.zeros(wanted * HOP, np.float32)
        cut = sound[first * HOP : (first + wanted) * HOP].astype(np.float32)
        part[: len(cut)] = cut
        samples = part if wanted == self.frames else resampled(part, self.frames * HOP)
        at = np.clip(first + np.arange(self.frames + 1) * wanted / self.frames, 0, len(melody) - 1)
        samples *= self._gain(samples)
        return {
            "samples": torch.from_numpy(samples),
            "f0_hz": torch.from_numpy(
                np.interp(at, np.arange(len(melody)), melody.f0_hz).astype(np.float32)
                * np.float32(wanted / self.frames)
            ),
            "voiced": torch.from_numpy(melody.voiced[np.round(at).astype(int)].astype(np.float32)),
        }

    def _gain(self, samples: NDArray[np.float32]) -> np.float32:
        level = np.random.uniform(*_RMS_DBFS) if self.disguise else np.mean(_RMS_DBFS)  # noqa: NPY002
        rms = float(np.sqrt(np.mean(samples**2)))
        return np.float32(min(10 ** (level / 20) / max(rms, 1e-3), 1 / max(float(np.abs(samples).max()), 1e-3)))


class Converted(Voices):
    """Windows of speech for the converter, with the sound that the vocoder should make of what the converter makes.

    Args:
        manifest: What ``recipes/LibriSpeech/VoiceCloner/prepare.py`` wrote.
        split: Of the corpus.
        frames: Length of the sound.
        chance: Whether windows are drawn at random.
    """

    def __init__(self, manifest: Path, split: str, *, frames: int, chance: bool, device: str = "cpu") -> None:
        size = {"frames": frames + 1 + 2 * _CONTEXT, "reference": _LOOKED_UP}
        super().__init__(manifest, split, chance=chance, device=device, **size)
        sounds = []
        for index, (item, count) in enumerate(zip(self.items, self.counts, strict=True)):
            sound = np.zeros(count * HOP, np.float16)
            played = self._played(index, read_mono(item, manifest=manifest))[: count * HOP]
            sound[: len(played)] = played
            sounds.append(sound)
        self.sound = torch.from_numpy(np.concatenate(sounds)).to(device) if sounds else torch.empty(0)

    def _aloud(self, indices: list[int], first: Tensor, *, begin: Tensor, count: Tensor) -> Batch:
        length = self.frames - 2 * _CONTEXT
        start = first + _CONTEXT
        row = start + torch.arange(length, device=first.device)
        samples = start * HOP + torch.arange((length - 1) * HOP, device=first.device)
        f0_hz, voiced = melody_of(self.content[(begin + row).clamp_max(len(self.content) - 1)].float().transpose(1, 2))
        there = row < count
        found = self.sound[(begin * HOP + samples).clamp_max(len(self.sound) - 1)].float()
        return {
            "samples": found * (samples < count * HOP),
            "f0_hz": torch.where(there, f0_hz, 100.0),
            "voiced": voiced * there,
        }

    def _played(self, index: int, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """A recording in the body that the example has, as loud as its mel is."""
        sound = Body.of(self.items[index]).change(sound)
        first, count = self.firsts[index], self.counts[index]
        wanted = self.mel[first : first + count].T.float().cpu()
        level = torch.median(wanted - log_mel(torch.from_numpy(sound[None]))[0, :, :count])
        return sound * np.float32(torch.exp(level))


class VocoderBrain(AdversarialBrain):
    """Distances of spectra and of mels, and discriminators in three resolutions.

    Attributes:
        converter: What makes the mels of ``Converted`` speech, so that the vocoder mends its faults.
        half: Whether the converter runs in bfloat16.
    """

    converter: VoiceConverter | None = None
    half: bool = False

    def make(self, batch: Batch) -> Tensor:
        """The speech again, from its mels."""
        network = self.modules["generator"]
        assert isinstance(network, NeuralVocoder)
        return self._again(network, batch)

    def real(self, batch: Batch) -> Tensor:
        """The speech."""
        return batch["samples"]

    def judge(self, batch: Batch, example: Tensor) -> Judgement:
        """Patch by patch of the spectrograms."""
        scores, features = self.modules["discriminator"](example)
        return scores, features

    def distances(self, batch: Batch, made: Tensor) -> Losses:
        """Of spectra, and of the mels it was made from."""
        true = batch["samples"]
        return {"spectra": spectral_distance(made, true), "mel": weighted_l1(log_mel(made), log_mel(true))}

    def validation(self, batch: Batch) -> dict[str, Tensor]:
        """The distances of the averaged network."""
        best = self.best()
        assert isinstance(best, NeuralVocoder)
        return self.distances(batch, self._again(best, batch))

    def _again(self, network: NeuralVocoder, batch: Batch) -> Tensor:
        if self.converter is None:
            mel = log_mel(batch["samples"])
        else:
            with torch.no_grad(), torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16, enabled=self.half):
                made: Tensor = self.converter(batch["content"], reference=reference_of(batch))
            count = round(_CONVERTED * len(made))
            mel = torch.cat([made[:count].float(), batch["mel"][count:]])[..., _CONTEXT:-_CONTEXT]
        speech: Tensor = network(mel, f0_hz=batch["f0_hz"], voiced=batch["voiced"])
        return speech
