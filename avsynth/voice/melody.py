"""The melody of speech: a pitch for every 10 ms, carried on through what is not voiced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.media import Waveform
from avsynth.voice.pitch import track
from avsynth.voice.vocoder import FRAME_SECONDS, track_f0

FRAME_RATE = 100  # frames a second
_OCTAVE = 1.9  # almost one: twice the median is outside
_LOW_RATE = 4000  # holds every harmonic that matters, and Harvest takes half the time
_NOBODY_HZ = 120.0  # of speech in which nothing is voiced


@dataclass(frozen=True)
class Melody:
    """Pitch and voicing, 100 times a second; frame ``i`` is at ``i / 100`` seconds.

    Attributes:
        f0_hz: ``(T,)``, above 0 everywhere: where nothing is voiced it is drawn from the voiced frames around.
        voiced: ``(T,)`` bool.
    """

    f0_hz: NDArray[np.float32]
    voiced: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.f0_hz)

    @classmethod
    def of(cls, samples: NDArray[np.float32], *, sample_rate: int, near_hz: float | None = None) -> Melody:
        """Measure speech ``(N,)``: as many frames as ``voice_mel.log_mel`` gives of it at 16 kHz.

        Args:
            samples: Speech of one person.
            sample_rate: Samples a second.
            near_hz: The voice's median pitch, where it is known: only an octave to either side is looked at, which
                takes half the time and cannot be an octave off.

        Example:
            >>> time = np.arange(16_000) / 16_000
            >>> hum = sum(np.sin(2 * np.pi * 150 * k * time) / k for k in range(1, 20)) * 0.1
            >>> melody = Melody.of(hum.astype(np.float32), sample_rate=16_000)
            >>> len(melody), round(float(np.median(melody.f0_hz)))
            (101, 150)
        """
        count = int(len(samples) * FRAME_RATE / sample_rate) + 1
        low = resample(Waveform(samples[None], sample_rate), _LOW_RATE).samples[0]
        if near_hz is None:
            found = track(low, sample_rate=_LOW_RATE)
        else:
            found = track_f0(low, sample_rate=_LOW_RATE, between_hz=(near_hz / _OCTAVE, near_hz * _OCTAVE))
        times = np.arange(count) / FRAME_RATE
        nearest = np.minimum(np.round(times / FRAME_SECONDS).astype(np.int64), len(found) - 1)
        return cls.drawn(found[nearest])

    @classmethod
    def drawn(cls, f0_hz: NDArray[np.floating]) -> Melody:
        """From pitch ``(T,)`` that is 0 where nothing is voiced."""
        voiced = np.asarray(f0_hz > 0)
        if not voiced.any():
            return cls(np.full(len(f0_hz), _NOBODY_HZ, np.float32), voiced)
        frames = np.arange(len(f0_hz))
        drawn = np.exp(np.interp(frames, frames[voiced], np.log(f0_hz[voiced])))
        return cls(drawn.astype(np.float32), voiced)
