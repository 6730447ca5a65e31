"""Makes sound longer or shorter and keeps its pitch."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.span import ceil_fraction

_WINDOW_SECONDS = 0.03  # two to six periods of a voice
_SEARCH_SECONDS = 0.01  # how far a piece may move to join in phase: a period of the deepest voice, and its half
_RANGE = Fraction(1, 4), Fraction(4)


def stretch(waveform: Waveform, factor: Fraction) -> Waveform:
    """Change the length of speech but not its pitch, by WSOLA.

    Windowed pieces are taken at the stretched rate, each moved a little to where it continues the one before best, and
    added (Verhelst and Roelands, ICASSP 1993). Unlike a phase vocoder this keeps the pulses of a voice together.

    Args:
        waveform: The sound, ``(C, T)``.
        factor: Length of the result over the length of the sound, from 1/4 to 4.

    Returns:
        ``(C, ceil(T * factor))``; for exactly N samples give ``Fraction(N, T)``.

    Raises:
        InputError: The factor is outside 1/4..4.

    Example:
        >>> stretch(Waveform(np.zeros((1, 16_000), np.float32), 16_000), Fraction(16_161, 16_000)).samples.shape
        (1, 16161)
    """
    factor = Fraction(factor)
    if not _RANGE[0] <= factor <= _RANGE[1]:
        raise InputError(f"sound can be stretched by 1/4 to 4, got {float(factor):g}; shorten or lengthen the text")
    if factor == 1:
        return waveform
    length = ceil_fraction(waveform.samples.shape[1] * factor)
    hop = max(1, round(_WINDOW_SECONDS * waveform.sample_rate / 2))
    if waveform.samples.shape[1] < 4 * hop:
        raise InputError(
            f"a sound of {float(waveform.duration):.3f} s is too short to stretch; "
            f"it needs {4 * hop / waveform.sample_rate:.3f} s"
        )
    reach = max(1, round(_SEARCH_SECONDS * waveform.sample_rate))
    return Waveform(_wsola(waveform.samples, length, hop, reach), waveform.sample_rate)


def _wsola(samples: NDArray[np.float32], length: int, hop: int, reach: int) -> NDArray[np.float32]:
    """Overlap-add pieces of ``2 * hop`` samples, found within ``reach`` of their place."""
    channels, count = samples.shape
    pad = 2 * hop + reach
    padded = np.pad(samples.astype(np.float64), ((0, 0), (pad, pad + 2 * hop)))
    guide = padded.mean(axis=0)
    energy = np.concatenate([[0.0], np.cumsum(guide**2)])
    window = signal.windows.hann(2 * hop, sym=False)
    pieces = -(-length // hop) + 1
    out = np.zeros((channels, (pieces + 1) * hop))
    taken = pad - hop
    for piece in range(pieces):
        center = pad - hop + round(piece * hop * count / length)
        center = min(center, pad + count)
        if piece:
            taken = _best(guide, energy, wanted=taken + hop, around=center, reach=reach, size=2 * hop)
        out[:, piece * hop : (piece + 2) * hop] += padded[:, taken : taken + 2 * hop] * window
    return out[:, hop : hop + length].astype(np.float32)


def _best(
    guide: NDArray[np.float64], energy: NDArray[np.float64], *, wanted: int, around: int, reach: int, size: int
) -> int:
    """Where near ``around`` the sound is most like the natural continuation at ``wanted``."""
    first = max(around - reach, 0)
    last = min(around + reach, len(guide) - size)
    template = guide[wanted : wanted + size]
    if len(template) < size or last <= first:
        return min(around, len(guide) - size)
    likeness = signal.fftconvolve(guide[first : last + size], template[::-1], mode="valid")
    power = energy[first + size : last + size + 1] - energy[first : last + 1]
    score = likeness / np.sqrt(power + 1e-9)
    if score.max() - score.min() < 1e-12:
        return around
    return first + int(np.argmax(score))
