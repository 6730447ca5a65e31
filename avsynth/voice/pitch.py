"""The pitch of a voice, with a check that it is not an octave off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avsynth.voice.vocoder import FRAME_SECONDS, Array, track_f0

_HIGHEST_HARMONIC_HZ = 2000.0
_PERIODS = 6  # in a window: enough to tell a harmonic from the valley beside it
_DEEPEST_HZ = 65.0  # no median pitch of a grown person lies below
_MOST_FRAMES = 300
_VALLEY_DB = -4.0  # what lies between true harmonics is lower than this against them


def track(samples: NDArray[np.float32], *, sample_rate: int) -> Array:
    """Pitch in Hz every 5 ms, ``(T,)``, 0 where unvoiced.

    Trackers read some voices an octave off (low synthetic ones above all), so the harmonics of the whole voice are
    looked at: energy halfway between them means that the true pitch is half, odd ones missing that it is double.

    Args:
        samples: Speech ``(T,)``.
        sample_rate: Samples a second, at least 4000.
    """
    return right_octave(track_f0(samples, sample_rate=sample_rate), samples=samples, sample_rate=sample_rate)


def right_octave(f0_hz: Array, *, samples: NDArray[np.float32], sample_rate: int) -> Array:
    """Halve or double a whole pitch track where the harmonics of the speech say so."""
    voiced = np.flatnonzero(f0_hz > 0)
    chosen = voiced[:: max(1, len(voiced) // _MOST_FRAMES)]
    combs = [
        comb
        for frame in chosen
        if (comb := _comb(samples, center=round(frame * FRAME_SECONDS * sample_rate), f0=f0_hz[frame] / sample_rate))
    ]
    if not combs:
        return f0_hz
    between, odd = np.median(np.array(combs), axis=0)
    if between > _VALLEY_DB and np.median(f0_hz[voiced]) / 2 >= _DEEPEST_HZ:
        return f0_hz / 2
    if odd < 4 * _VALLEY_DB:  # voices with weak odd harmonics exist; none lacks them
        return f0_hz * 2
    return f0_hz


def _comb(samples: NDArray[np.float32], *, center: int, f0: float) -> tuple[float, float] | None:
    """In dB: energy between harmonics against energy at them, and at odd ones against even ones.

    ``f0`` is in cycles a sample. None where the window reaches outside the sound or its lower half is silent.
    """
    length = round(_PERIODS / f0)
    start = center - length // 2
    if start < 0 or start + length > len(samples):
        return None
    part = samples[start : start + length] * np.hanning(length)
    spectrum = np.abs(np.fft.rfft(part)) ** 2 + 1e-20
    count = int(min(_HIGHEST_HARMONIC_HZ / (f0 * 16_000), 0.45 / f0, 12)) // 2 * 2
    if count < 2 or spectrum.max() < 1e-8 * length:
        return None
    level = 10 * np.log10(spectrum)
    harmonics = level[_PERIODS * np.arange(1, count + 1)]
    halves = level[_PERIODS // 2 + _PERIODS * np.arange(count)]
    return float(halves.mean() - harmonics.mean()), float(harmonics[0::2].mean() - harmonics[1::2].mean())
