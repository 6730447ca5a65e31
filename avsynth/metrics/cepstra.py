"""Sound as mel cepstra: what the sync judge hears, made piece by piece so that memory holds no long recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from avsynth.audio.resample import resample
from avsynth.core.media import Waveform

STEPS_HZ = 100  # rows a second
COUNT = 13  # cepstra a row, the zeroth (level) among them
_RATE = 16_000
_HOP = _RATE // STEPS_HZ
_WINDOW, _FFT = 400, 512  # 25 ms
_BANDS, _LOW_HZ, _HIGH_HZ = 26, 60.0, 7600.0
_FLOOR = 5.0  # nepers of power (22 dB) that the quietest band counts below the loud frames' mean
_BLOCK = 3000  # rows at a time

Rows = NDArray[np.float32]


def cepstra(sound: Waveform | Iterable[Waveform]) -> Rows:
    """Mel cepstra of a recording, free of its gain and of its microphone's color.

    Args:
        sound: The recording, whole or as consecutive pieces.

    Returns:
        ``(T, COUNT)`` float32; row ``t`` is centered at ``t / STEPS_HZ`` seconds. 37 MB an hour while it is made, 19
        after. The mean over the loud rows is 0.

    Source:
        Davis and Mermelstein 1980; cepstral mean subtraction as in Atal 1974. The floor takes the place of the noise
        that every recording has and a silent one has not.

    Example:
        >>> hiss = np.random.default_rng(0).normal(size=(1, 16_000)).astype(np.float32)
        >>> loud, soft = (cepstra(Waveform(gain * hiss, 16_000)) for gain in (np.float32(0.1), np.float32(0.01)))
        >>> loud.shape, bool(np.allclose(loud, soft, atol=1e-2))
        ((101, 13), True)
    """
    pieces = [sound] if isinstance(sound, Waveform) else sound
    bands = np.concatenate([np.zeros((0, _BANDS), np.float32), *_log_bands(pieces)])
    if not len(bands):
        return np.zeros((0, COUNT), np.float32)
    level = bands.max(axis=1)
    loud = level > np.percentile(level, 95) - 2 * _FLOOR
    np.maximum(bands, bands[loud].mean() - _FLOOR, out=bands)
    rows: Rows = dct(bands, type=2, norm="ortho", axis=1)[:, :COUNT].astype(np.float32)
    rows -= rows[loud].mean(axis=0)
    return rows


def _log_bands(pieces: Iterable[Waveform]) -> Iterator[Rows]:
    """Log power of each mel band, ``(T, 26)`` in all, a block of rows at a time."""
    weights = _mel_weights()
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    waiting = np.zeros(_WINDOW // 2, np.float32)
    for samples in _mono(pieces):
        waiting = np.concatenate([waiting, samples])
        count = max((len(waiting) - _WINDOW) // _HOP + 1, 0)
        for first in range(0, count, _BLOCK):
            begin = np.arange(first, min(first + _BLOCK, count)) * _HOP
            framed = waiting[begin[:, None] + np.arange(_WINDOW)] * window
            power = np.abs(np.fft.rfft(framed, _FFT, axis=1)).astype(np.float32) ** 2
            yield np.log(power @ weights.T + 1e-10)
        waiting = waiting[count * _HOP :]


def _mono(pieces: Iterable[Waveform]) -> Iterator[Rows]:
    for piece in pieces:
        yield resample(Waveform(piece.mono()[None], piece.sample_rate), _RATE).samples[0]
    yield np.zeros(_WINDOW // 2, np.float32)  # so that the last moment has a row


def _mel_weights() -> Rows:
    """Triangles of equal width on the mel scale of O'Shaughnessy 1987, ``(26, 257)``."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (_LOW_HZ, _HIGH_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, _BANDS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(_FFT, 1 / _RATE)
    rising = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    return np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)
