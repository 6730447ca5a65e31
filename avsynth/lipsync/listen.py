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
    import librosa

    mono = resample(Waveform(sound.mono()[None], sound.sample_rate), _RATE).samples[0]
    mono = np.pad(mono, (0, max(0, 1024 - len(mono))))
    power = np.abs(librosa.stft(mono, n_fft=512, hop_length=_HOP)) ** 2
    if not power.max() > 1e-8:
        raise InputError("the sound is silent; give the dub's voice track")
    hertz = librosa.fft_frequencies(sr=_RATE, n_fft=512)
    low, first, second = (_level(power, hertz, *band) for band in ((100, 350), (350, 1100), (1300, 2600)))
    loudness = _level(power, hertz, 100, 4000)
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


def _level(power: NDArray[np.float32], hertz: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    band = power[(hertz >= low) & (hertz < high)].sum(axis=0)
    level: NDArray[np.float64] = 10 * np.log10(band.astype(np.float64) + 1e-10)
    return level


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.ndimage import gaussian_filter1d

    smoothed: NDArray[np.float64] = gaussian_filter1d(values, _SMOOTH_SECONDS * _RATE / _HOP, axis=0)
    return smoothed
