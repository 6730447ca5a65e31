"""Where sound clicks: a step or a lost sample is heard as a click, and shows where speech has least to show."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d
from scipy.signal import butter, sosfiltfilt

from avsynth.core.media import Waveform

_BAND = 0.35  # of the sample rate: a step has energy up to half of it, speech hardly any so high
_STEP_SECONDS = 0.0005  # in which a click is over
_AWAY_SECONDS, _AROUND_SECONDS = 0.002, 0.008  # what it is compared with, before it and after it
_STANDS_OUT_DB = 20.0
_FAINTEST_DBFS = -66.0  # what is fainter in that band is not heard


def clicks(waveform: Waveform) -> list[float]:
    """Moments, in seconds, at which sound clicks.

    A click is over in half a millisecond and high above what is heard just before and just after it; a plosive lasts
    longer, and the pulses of a voice are like their neighbours.

    Args:
        waveform: One channel, at 16 kHz or more; of several channels their mean is heard.

    Example:
        >>> hum = 0.1 * np.sin(2 * np.pi * 120 * np.arange(48_000) / 48_000).astype(np.float32)
        >>> clicks(Waveform(hum[None], 48_000))
        []
        >>> hum[24_000:] += 0.03
        >>> [round(moment, 2) for moment in clicks(Waveform(hum[None], 48_000))]
        [0.5]
    """
    rate = waveform.sample_rate
    step = max(round(_STEP_SECONDS * rate), 1)
    sound = waveform.mono().astype(np.float64)
    if len(sound) < 16 * step:
        return []
    high = np.abs(sosfiltfilt(butter(6, _BAND, "highpass", fs=1, output="sos"), sound))
    peaks = high[: len(high) // step * step].reshape(-1, step).max(axis=1)
    away, around = round(_AWAY_SECONDS / _STEP_SECONDS), round(_AROUND_SECONDS / _STEP_SECONDS)
    beside = maximum_filter1d(peaks, around, mode="constant")
    shift = away + around // 2
    padded = np.pad(beside, shift)
    neighbours = np.maximum(padded[: len(peaks)], padded[2 * shift :])
    loud = np.maximum(neighbours * 10 ** (_STANDS_OUT_DB / 20), 10 ** (_FAINTEST_DBFS / 20))
    found = np.flatnonzero(peaks > loud)
    firsts = found[np.diff(found, prepend=-away - 1) > away]
    return [float(index * step / rate) for index in firsts]
