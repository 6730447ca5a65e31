"""Recordings as other people would sound: played faster or slower, through another throat and room."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from avsynth.models.voice_mel import HOP, RATE
from avsynth.training.backends.disguise import curve
from avsynth.training.manifest import Item
from avsynth.voice.melody import Melody

_FASTEST = 1.22  # and as much slower: beyond it nobody sounds human
_GAIN_DB = 5.0  # largest change at each point of the spectrum's curve, to either side
_POINTS = 9


@dataclass(frozen=True)
class Body:
    """How a recording is changed into another person's.

    Attributes:
        factor: How much faster it is played: higher, and from a smaller throat.
        gains_db: Of a curve over octaves that the spectrum is multiplied by; none leaves it.
    """

    factor: float = 1.0
    gains_db: tuple[float, ...] = ()

    @classmethod
    def drawn(cls, chance: np.random.Generator) -> Body:
        """Somebody else."""
        limit = np.log(_FASTEST)
        gains = chance.uniform(-_GAIN_DB, _GAIN_DB, _POINTS).round(2).tolist()
        return cls(float(np.exp(chance.uniform(-limit, limit)).round(4)), tuple(gains))

    @classmethod
    def of(cls, item: Item) -> Body:
        """As a manifest's facts tell it; nothing told is nothing changed."""
        return cls(float(item.facts.get("factor", "1")), tuple(json.loads(item.facts.get("gains_db", "[]"))))

    def facts(self) -> dict[str, str]:
        """What a manifest tells of it."""
        return {"factor": f"{self.factor:g}", "gains_db": json.dumps(self.gains_db)}

    def change(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Speech ``(N,)`` at ``RATE`` in this body, ``(N / factor,)``.

        Example:
            >>> len(Body(1.25).change(np.zeros(16_000, np.float32)))
            12800
        """
        found = samples if self.factor == 1 else resampled(samples, round(len(samples) / self.factor))
        if not self.gains_db:
            return found
        spectrum = torch.fft.rfft(torch.from_numpy(found))
        hz = torch.fft.rfftfreq(len(found), 1 / RATE)
        changed: NDArray[np.float32] = torch.fft.irfft(
            spectrum * curve(torch.tensor([self.gains_db]), hz)[0], len(found)
        ).numpy()
        return changed

    def sing(self, melody: Melody, *, length: int) -> Melody:
        """The melody of speech that is ``length`` samples long in this body."""
        if self.factor == 1:
            return melody
        at = np.clip(np.arange(length // HOP + 1) * self.factor, 0, len(melody) - 1)
        f0_hz = np.interp(at, np.arange(len(melody)), melody.f0_hz) * self.factor
        return Melody(f0_hz.astype(np.float32), melody.voiced[np.round(at).astype(int)])


def resampled(samples: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """All of ``samples (N,)`` in ``length`` samples, with nothing above either half rate.

    Example:
        >>> wave = np.sin(2 * np.pi * np.arange(400) / 100).astype(np.float32)
        >>> bool(np.allclose(resampled(wave, 200), wave[::2], atol=1e-3))
        True
    """
    spectrum = torch.fft.rfft(torch.from_numpy(np.ascontiguousarray(samples)))
    found: NDArray[np.float32] = (
        torch.fft.irfft(spectrum[: length // 2 + 1], length) * (length / len(samples))
    ).numpy()
    return found
