"""What SyncNet hears: 13 MFCC every 10 ms, with the defaults of the library it was trained with."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

SAMPLE_RATE = 16_000
COEFFICIENTS = 13
COLUMN_RATE = 100  # columns a second
_WINDOW, _HOP = 400, 160  # 25 and 10 ms
_FFT = 512
_FILTERS = 26
_PREEMPHASIS = 0.97
_LIFTER = 22
_FULL_SCALE = 32_768  # the network was trained on 16-bit code values


def mfcc(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """MFCC of sound, equal to ``python_speech_features.mfcc`` with its defaults on 16-bit samples.

    Frames without a window function, power spectrum over the transform's length, 26 triangles on whole bins, the
    logarithm, an orthonormal cosine transform, a sinusoidal lifter; coefficient 0 is the logarithm of the energy.

    Args:
        samples: ``(T,)`` at 16 kHz, full scale 1.

    Returns:
        ``(13, N)`` float32 with ``N = 1 + ceil((T - 400) / 160)``; the last frame is filled up with silence.

    Source:
        S. B. Davis and P. Mermelstein, 1980; python_speech_features 0.6, base.py.

    Example:
        >>> mfcc(np.zeros(16_000, np.float32)).shape
        (13, 99)
    """
    values = np.clip(np.rint(samples.astype(np.float64) * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1)
    emphasized = np.concatenate([values[:1], values[1:] - _PREEMPHASIS * values[:-1]])
    count = 1 + max(0, -(-(len(emphasized) - _WINDOW) // _HOP))
    filled = np.pad(emphasized, (0, max(0, (count - 1) * _HOP + _WINDOW - len(emphasized))))
    frames = np.lib.stride_tricks.sliding_window_view(filled, _WINDOW)[::_HOP][:count]
    power = np.abs(np.fft.rfft(frames, _FFT)) ** 2 / _FFT
    energy = _not_zero(power.sum(axis=1))
    banks = np.log(_not_zero(power @ mel_triangles().T))
    cepstra = dct(banks, type=2, axis=1, norm="ortho")[:, :COEFFICIENTS]
    cepstra *= 1 + _LIFTER / 2 * np.sin(np.pi * np.arange(COEFFICIENTS) / _LIFTER)
    cepstra[:, 0] = np.log(energy)
    return np.asarray(cepstra.T, np.float32)


@cache
def mel_triangles() -> NDArray[np.float64]:
    """The filter bank ``(26, 257)``: triangles between whole bins, equally far apart in mel from 0 to 8 kHz."""
    mel = np.linspace(0, 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700), _FILTERS + 2)
    edges = np.floor((_FFT + 1) * 700 * (10 ** (mel / 2595) - 1) / SAMPLE_RATE).astype(int)
    bank = np.zeros((_FILTERS, _FFT // 2 + 1))
    for row, (low, middle, high) in enumerate(zip(edges[:-2], edges[1:-1], edges[2:], strict=True)):
        bank[row, low:middle] = (np.arange(low, middle) - low) / (middle - low)
        bank[row, middle:high] = (high - np.arange(middle, high)) / (high - middle)
    return bank


def _not_zero(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Zeros become the smallest step of doubles, as in the library, or there would be no logarithm."""
    return np.where(values == 0, np.finfo(float).eps, values)
