"""A mouth that follows sound whose words are not known: louder opens, dark vowels round, bright ones spread."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError
from avsynth.core.face import MouthMotion
from avsynth.core.media import Waveform
from avsynth.lipsync.visemes import BASIS, COMPONENTS

_RATE = 16_000
_HOP = 160
_FFT = 512
_BLOCK_HOPS = 6000
_BANDS_HZ = ((100, 350), (350, 1100), (1300, 2600), (100, 4000))  # below F1, F1, F2, the voice
_FLOOR_DB, _CEILING_DB = -30.0, -3.0  # below the loud parts: closed; above: as open as this person speaks
_SMOOTH_SECONDS = 0.035


def listen(sound: Waveform, *, frame_rate: Fraction, frame_count: int, start: int = 0) -> MouthMotion:
    """Estimate mouth motion from sound alone.

    The opening follows the energy of the first formant's band, which rises as the jaw falls; the balance of the second
    formant's band tells rounded from spread. Consonants without voice are not seen: with the words, ``animate``
    of an aligned timeline is better.

    Args:
        sound: The dub's voice track.
        frame_rate: Frames a second of the film.
        frame_count: How many frames to make.
        start: Index in the film of the first frame.

    Raises:
        InputError: The sound is silent.
    """
    mono = resample(Waveform(sound.mono()[None], sound.sample_rate), _RATE).samples[0]
    if not np.abs(mono).max(initial=0) > 1e-4:
        raise InputError("the sound is silent; give the dub's voice track")
    low, first, second, loudness = _levels(mono)
    top = float(np.percentile(loudness, 97))
    gate = np.clip((loudness - top - _FLOOR_DB) / (_CEILING_DB - _FLOOR_DB), 0, 1)
    jaw = gate * np.clip((first - low + 14) / 22, 0.15, 1)
    spread = np.clip((second - first + 22) / 20, 0, 1) * 2 - 1
    values = np.zeros((len(gate), len(COMPONENTS)))
    for name, track in (
        ("opening", jaw),
        ("jaw", jaw),
        ("width", 0.6 * spread * gate),
        ("protrusion", np.clip(-spread, 0, 1) * gate),
    ):
        values[:, COMPONENTS.index(name)] = track
    values = _smooth(values)
    values[values[:, COMPONENTS.index("opening")] < 0.04, COMPONENTS.index("opening")] = 0
    rows = [float((start + i) / frame_rate) * _RATE / _HOP for i in range(frame_count)]
    grid = np.arange(len(values))
    sampled = np.stack([np.interp(rows, grid, column, left=0, right=0) for column in values.T], axis=1)
    return MouthMotion(BASIS, sampled.astype(np.float32), frame_rate, start)


def _levels(mono: NDArray[np.float32]) -> NDArray[np.float64]:
    """Level of each band of ``_BANDS_HZ`` in dB, one column a hop, ``(4, T)``; a minute at a time."""
    import librosa

    hertz = librosa.fft_frequencies(sr=_RATE, n_fft=_FFT)
    bands = [(hertz >= low) & (hertz < high) for low, high in _BANDS_HZ]
    count = 1 + len(mono) // _HOP
    padded = np.pad(mono, (_FFT // 2, _FFT))
    levels = np.zeros((len(bands), count))
    for begin in range(0, count, _BLOCK_HOPS):
        end = min(begin + _BLOCK_HOPS, count)
        part = padded[begin * _HOP : (end - 1) * _HOP + _FFT]
        power = np.abs(librosa.stft(part, n_fft=_FFT, hop_length=_HOP, center=False)) ** 2
        for row, band in zip(levels, bands, strict=True):
            row[begin:end] = 10 * np.log10(power[band].sum(axis=0).astype(np.float64) + 1e-10)
    return levels


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.ndimage import gaussian_filter1d

    smoothed: NDArray[np.float64] = gaussian_filter1d(values, _SMOOTH_SECONDS * _RATE / _HOP, axis=0)
    return smoothed
