"""Changes the sample rate of sound to an exact length."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.span import ceil_fraction


def resample(waveform: Waveform, sample_rate: int) -> Waveform:
    """The same sound at another rate, by a linear-phase filter (SoX resampler, very high quality).

    Sample 0 stays at time 0, so nothing moves.

    Args:
        waveform: The sound, ``(C, T)``.
        sample_rate: Hz of the result.

    Returns:
        ``(C, ceil(T * sample_rate / waveform.sample_rate))``.

    Raises:
        InputError: The rate is not positive.

    Example:
        >>> resample(Waveform(np.zeros((1, 44_101), np.float32), 44_100), 48_000).samples.shape
        (1, 48002)
    """
    if sample_rate <= 0:
        raise InputError(f"a sample rate must be positive, got {sample_rate}")
    if sample_rate == waveform.sample_rate:
        return waveform
    count = waveform.samples.shape[1]
    length = ceil_fraction(Fraction(count * sample_rate, waveform.sample_rate))
    out = np.zeros((waveform.channels, length), np.float32)
    if count:
        import soxr

        changed = soxr.resample(waveform.samples.T, waveform.sample_rate, sample_rate, quality="VHQ").T[:, :length]
        out[:, : changed.shape[1]] = changed
    return Waveform(out, sample_rate)
