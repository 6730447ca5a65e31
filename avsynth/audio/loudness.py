"""Measures how loud sound is heard, and matches it without clipping."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform

SILENCE_LUFS = -70.0  # the absolute gate of ITU-R BS.1770: below it nothing is measured
_BLOCK_SECONDS = 0.4
_LFE = 3  # fourth of L R C LFE Ls Rs
_OVERSAMPLING = 4  # ITU-R BS.1770-4, annex 2
_ATTACK_SECONDS = 0.005


def integrated_loudness(waveform: Waveform) -> float:
    """Integrated loudness after ITU-R BS.1770-4, gated, in LUFS.

    The low-frequency channel of 5.1 does not count. A sound shorter than one block of 0.4 s is repeated to fill it.

    Args:
        waveform: 1 to 6 channels; 6 are L R C LFE Ls Rs.

    Returns:
        LUFS; minus infinity for silence.

    Raises:
        InputError: More than 6 channels.

    Example:
        >>> time = np.arange(48_000) / 48_000
        >>> tone = Waveform(np.sin(2 * np.pi * 997 * time)[None].astype(np.float32), 48_000)
        >>> round(integrated_loudness(tone), 2)  # by the standard, a full-scale sine of 997 Hz has -3.01 LKFS
        -3.01
    """
    if waveform.channels > 6:
        raise InputError(f"loudness is measured of 1 to 6 channels, got {waveform.channels}; mix the sound down")
    samples = waveform.samples
    if waveform.channels == 6:
        samples = np.delete(samples, _LFE, axis=0)
    if samples.shape[1] == 0 or not samples.any():
        return -math.inf
    block = math.ceil(_BLOCK_SECONDS * waveform.sample_rate) + 1
    if samples.shape[1] < block:
        samples = np.tile(samples, -(-block // samples.shape[1]))
    import pyloudnorm

    # The other filters of pyloudnorm miss the standard's own example by 0.04 dB; these hit it at 48 kHz.
    meter = pyloudnorm.Meter(waveform.sample_rate, filter_class="DeMan")
    with np.errstate(divide="ignore", invalid="ignore"):
        loudness = float(meter.integrated_loudness(samples.T.astype(np.float64)))
    return loudness if math.isfinite(loudness) else -math.inf


def true_peak_db(waveform: Waveform) -> float:
    """Highest peak between the samples too, in dBTP (4 times oversampled); minus infinity for silence."""
    peak = float(_peaks(waveform.samples).max(initial=0.0))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def match_loudness(waveform: Waveform, *, to_lufs: float, ceiling_db: float = -1.0) -> Waveform:
    """Scale sound to a loudness, or as near as its peaks allow.

    Only one gain is applied, so nothing is distorted; if the true peak would pass ``ceiling_db``, the gain is less.
    Silence stays silence.

    Args:
        waveform: The sound.
        to_lufs: Integrated loudness wanted.
        ceiling_db: Highest true peak, in dBTP.
    """
    now = integrated_loudness(waveform)
    if now == -math.inf:
        return waveform
    gain_db = min(to_lufs - now, ceiling_db - true_peak_db(waveform))
    return Waveform((waveform.samples * np.float32(10 ** (gain_db / 20))).astype(np.float32), waveform.sample_rate)


def limit_peaks(waveform: Waveform, *, ceiling_db: float = -1.0) -> Waveform:
    """Turn sound down around the peaks that pass a ceiling, smoothly; all other samples stay bit-identical.

    Args:
        waveform: The sound.
        ceiling_db: Highest true peak, in dBTP.
    """
    ceiling = 10 ** (ceiling_db / 20)
    peaks = _peaks(waveform.samples).max(axis=0, initial=0.0)
    if not (peaks > ceiling).any():
        return waveform
    half = max(1, round(_ATTACK_SECONDS * waveform.sample_rate))
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-12))
    held = ndimage.minimum_filter1d(needed, 2 * half + 1, mode="nearest")
    window = signal.windows.hann(2 * half + 1)
    gain = ndimage.convolve1d(held, window / window.sum(), mode="nearest")
    out = waveform.samples.copy()
    # Where nothing is held down the gain is 1 but for rounding; those samples must not change at all.
    changed = ndimage.minimum_filter1d(held, 2 * half + 1, mode="nearest") < 1
    out[:, changed] *= np.minimum(gain, 1.0)[changed].astype(np.float32)
    return Waveform(out, waveform.sample_rate)


def _peaks(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Highest magnitude in the neighborhood of each sample, ``(C, T)``, looked at between the samples too."""
    count = samples.shape[1]
    if count == 0:
        return np.zeros((samples.shape[0], 0))
    between = signal.resample_poly(samples.astype(np.float64), _OVERSAMPLING, 1, axis=1)
    peaks = np.abs(between).reshape(samples.shape[0], count, _OVERSAMPLING).max(axis=2)
    highest: NDArray[np.float64] = np.maximum(peaks, np.abs(samples))
    return highest
