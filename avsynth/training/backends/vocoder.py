"""How the neural vocoder learns: crops of speech, resampled at random into other voices, against discriminators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import signal
from torch import Tensor
from torch.utils.data import Dataset

from avsynth.models.losses import weighted_l1
from avsynth.models.neural_vocoder import NeuralVocoder
from avsynth.models.speech_discriminator import spectral_distance
from avsynth.models.voice_mel import HOP, log_mel
from avsynth.training.backends.adversarial import AdversarialBrain, Judgement
from avsynth.training.backends.brain import Batch, Losses
from avsynth.training.manifest import read_manifest
from avsynth.training.recordings import read_melody, read_mono

_FACTORS = (0.84, 1.19)  # how much faster speech may be played, to be another voice
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
        samples = part if wanted == self.frames else signal.resample(part, self.frames * HOP).astype(np.float32)
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


class VocoderBrain(AdversarialBrain):
    """Distances of spectra and of mels, and discriminators in three resolutions."""

    def make(self, batch: Batch) -> Tensor:
        """The speech again, from its mels."""
        made: Tensor = _again(self.modules["generator"], batch)
        return made

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
        return self.distances(batch, _again(best, batch))


def _again(network: NeuralVocoder, batch: Batch) -> Tensor:
    mel = batch["mel"] if "mel" in batch else log_mel(batch["samples"])
    made: Tensor = network(mel, f0_hz=batch["f0_hz"], voiced=batch["voiced"])
    return made
