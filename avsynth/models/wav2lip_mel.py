"""What the Wav2Lip network hears: mel columns with its training's exact numbers, and the window of each frame."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import librosa
import numpy as np
from librosa.filters import mel
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
HOP = 200  # samples between columns
COLUMN_RATE = SAMPLE_RATE // HOP  # 80 columns a second
MELS = 80
COLUMNS = 16  # of a window: 0.2 s, all of it from the frame's own time on
SILENCE = -4.0  # the value of silence
_WINDOW = 800
_LOWEST_HZ, _HIGHEST_HZ = 55, 7600
_PREEMPHASIS = 0.97
_FLOOR = 1e-5
_REFERENCE_DB = 20
_RANGE_DB = 100
_PEAK = 4.0


def mel_columns(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mel columns of sound.

    Magnitude, not power; Slaney's mel scale and normalization; decibels of -100 to 0 mapped to -4 to 4.

    Args:
        samples: ``(T,)`` at 16 kHz, full scale 1.

    Returns:
        ``(80, 1 + T // 200)`` float32 in -4..4, at least 5 columns; column ``k`` looks at the 50 ms around sample
        ``200 k``. Before and after the sound it is mirrored, as librosa did when the public weights were trained.

    Example:
        >>> mel_columns(np.zeros(16_000, np.float32)).shape
        (80, 81)
    """
    if len(samples) < _WINDOW:  # too short to mirror
        samples = np.pad(samples, (0, _WINDOW - len(samples)))
    emphasized = samples.astype(np.float64)
    emphasized[1:] -= _PREEMPHASIS * samples[:-1]
    spectrum = librosa.stft(
        emphasized.astype(np.float32), n_fft=_WINDOW, hop_length=HOP, win_length=_WINDOW, pad_mode="reflect"
    )
    bank = mel(sr=SAMPLE_RATE, n_fft=_WINDOW, n_mels=MELS, fmin=_LOWEST_HZ, fmax=_HIGHEST_HZ)
    level_db = 20 * np.log10(np.maximum(_FLOOR, bank @ np.abs(spectrum))) - _REFERENCE_DB
    columns = 2 * _PEAK * (level_db + _RANGE_DB) / _RANGE_DB - _PEAK
    return np.asarray(np.clip(columns, -_PEAK, _PEAK), np.float32)


def first_column(time: Fraction) -> int:
    """Where the window of a picture shown at ``time`` seconds begins: ``int(i * 80 / fps)`` at a constant rate.

    Fractions, so that no rounding of floats moves a window by a column.

    >>> [first_column(index / Fraction(30_000, 1001)) for index in (0, 1, 2, 30)]
    [0, 2, 5, 80]
    """
    return int(time * COLUMN_RATE // 1)


def windows(columns: NDArray[np.float32], firsts: Iterable[int]) -> NDArray[np.float32]:
    """The windows that begin at given columns, ``(N, 80, 16)``; one that would reach past the end is the last one.

    Args:
        columns: ``(80, K)``; padded with silence where it is shorter than a window.
        firsts: From ``first_column``.

    Example:
        >>> sound = np.arange(20, dtype=np.float32)[None].repeat(80, 0)
        >>> windows(sound, [0, 3, 9])[:, 0, 0]
        array([0., 3., 4.], dtype=float32)
    """
    missing = COLUMNS - columns.shape[1]
    if missing > 0:
        columns = np.pad(columns, ((0, 0), (0, missing)), constant_values=SILENCE)
    last = columns.shape[1] - COLUMNS
    return np.stack([columns[:, first : first + COLUMNS] for first in (min(max(0, item), last) for item in firsts)])
