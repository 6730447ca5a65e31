"""How clean a recording of speech is: clipping, noise, and music that sounds on under the words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

SAMPLE_RATE = 16_000
_RUMBLE_HZ = 40.0  # below every voice
_WINDOW, _HOP = 1024, 256  # of the spectra in which tones are looked for: 64 and 16 ms
FRAME_SECONDS = _HOP / SAMPLE_RATE
_LASTING_FRAMES = 23  # 0.37 s: longer than a vowel keeps its pitch to a bin, shorter than most notes
_TONE_BAND_HZ = 100.0, 4500.0
_BLOCK = 4000  # frames at once, about a minute: memory does not grow with the film
_NEIGHBOURS = 25  # bins around one, 390 Hz, whose median a tone stands out of
_STANDS_OUT_DB = 8.0
_PHRASE_SECONDS, _PHRASE_PERCENTILE = 4.0, 20  # music goes on through most of a phrase; a long vowel does not


def without_rumble(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take out what lies below 40 Hz in sound ``(T,)`` at 16 kHz: a constant offset hides pauses and noise.

    >>> bool(abs(without_rumble(np.full(16_000, 0.25, np.float32))).max() < 1e-3)
    True
    """
    if len(sound) < SAMPLE_RATE // 10:
        return sound
    sections = signal.butter(2, _RUMBLE_HZ, "highpass", fs=SAMPLE_RATE, output="sos")
    filtered: NDArray[np.float32] = signal.sosfiltfilt(sections, sound).astype(np.float32)
    return filtered


def clipped_share(speech: NDArray[np.float32]) -> float:
    """Share of samples in flat runs of three or more at the highest level.

    >>> tone = np.sin(np.arange(16_000) / 20, dtype=np.float32)
    >>> clipped_share(tone * 0.9), clipped_share(np.clip(tone * 2, -1, 1)) > 0.5
    (0.0, True)
    """
    top = float(np.abs(speech).max(initial=0.0))
    if top < 0.1:
        return 0.0
    cut = np.abs(speech) >= 0.998 * top
    run = cut[:-2] & cut[1:-1] & cut[2:] & (np.abs(np.diff(speech, 2)) < 1e-3 * top)
    return float(np.convolve(run, np.ones(3)).astype(bool).sum() / len(speech))


def signal_to_noise_db(speech: NDArray[np.float32]) -> float:
    """Loud frames of speech against its quietest, in dB: between syllables only the noise is left.

    Args:
        speech: ``(T,)`` at 16 kHz, at least a tenth of a second.
    """
    frames = speech[: len(speech) // 320 * 320].reshape(-1, 320)
    level = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-10)
    quiet, loud = np.percentile(level, [5, 80])
    return float(loud - quiet)


def lasting_tones_db(sound: NDArray[np.float32], *, speech: Sequence[range]) -> NDArray[np.float32]:
    """Music under speech: the level of tones that sound on, in dB against the loud frames of the speech.

    In each band of 16 Hz only the least of 0.37 s counts: syllables, moving pitch and closed lips take speech
    out of it, while a held note stays. Of what stays, only narrow peaks count, so that steady noise, whose
    spectrum is smooth, is left to ``signal_to_noise_db``; so is mains hum, whose tones lie too close together to
    be peaks. It needs no pauses.

    Args:
        sound: A recording ``(N,)`` at 16 kHz.
        speech: Where in it somebody speaks, in samples.

    Returns:
        ``(N // 256 + 1,)``, a value every 16 ms: what is exceeded in 80 % of the 4 s around. -90: no tone.

    Source:
        The least over a window as an estimate of what is not speech: R. Martin, "Noise power spectral density
        estimation based on optimal smoothing and minimum statistics", 2001.
    """
    count, half = (len(sound) - _WINDOW) // _HOP + 1, _LASTING_FRAMES // 2
    if count < 3 * _LASTING_FRAMES or not speech:
        return np.full(len(sound) // _HOP + 1, -90.0, np.float32)
    blocks = [_tones(sound, range(first, min(first + _BLOCK, count))) for first in range(0, count, _BLOCK)]
    tones, power = (np.concatenate(series) for series in zip(*blocks, strict=True))
    spoken = np.zeros(count, np.bool_)
    for part in speech:
        spoken[part.start // _HOP : part.stop // _HOP] = True
    loud = float(np.percentile(power[spoken] if spoken.any() else power, 80)) + 1e-12
    level = (10 * np.log10(tones / loud + 1e-9)).astype(np.float32)[half:-half]  # the least of less is more
    size = min(round(_PHRASE_SECONDS / FRAME_SECONDS), len(level))
    phrase: NDArray[np.float32] = ndimage.percentile_filter(level, _PHRASE_PERCENTILE, size)
    first = half + _WINDOW // _HOP // 2
    return np.pad(phrase, (first, len(sound) // _HOP + 1 - len(phrase) - first), mode="edge")


def _tones(sound: NDArray[np.float32], frames: range) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Power of lasting tones and of everything in some frames, ``(T,)`` each."""
    half = _LASTING_FRAMES // 2
    lead = min(half, frames.start)
    start = (frames.start - lead) * _HOP
    block = sound[start : (frames.stop + half - 1) * _HOP + _WINDOW]
    _, _, spectrum = signal.stft(
        block, SAMPLE_RATE, nperseg=_WINDOW, noverlap=_WINDOW - _HOP, boundary=None, padded=False
    )
    low, high = (round(edge / SAMPLE_RATE * _WINDOW) for edge in _TONE_BAND_HZ)
    power = np.square(np.abs(spectrum[low:high])).astype(np.float32)
    lasting = ndimage.minimum_filter1d(power, _LASTING_FRAMES, axis=1)[:, lead : lead + len(frames)]
    around = ndimage.median_filter(lasting, size=(_NEIGHBOURS, 1), mode="nearest")
    tones = np.where(lasting > around * 10 ** (_STANDS_OUT_DB / 10), lasting, 0).sum(axis=0)
    return tones, power[:, lead : lead + len(frames)].sum(axis=0)
