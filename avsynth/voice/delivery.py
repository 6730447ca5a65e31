"""How a line was spoken, whatever its words: what its translation takes over."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from avsynth.audio.resample import resample
from avsynth.core.media import Waveform
from avsynth.voice.melody import FRAME_RATE, Melody
from avsynth.voice.rhythm import Piece

PLACES = 33  # at which emphasis is kept, from the first sound of a line to the last
_RATE = 16_000
_WINDOW = 400  # samples: 25 ms
_QUIET = -4.0  # natural log of magnitude below the loud frames: 35 dB
_LEAST_VOICED = 30  # frames; a line with less of them says nothing of its melody
_LEAST_SHARE = 0.3  # of the frames that sound; with less voice in it, what sounds is not speech
_SHORTEST_PAUSE = 0.18  # seconds; closures of plosives are shorter
_LONGEST_PAUSE = 1.5
_NEAR = 0.2  # of the line, between a pause of the original and one of the translation that takes its length
_SMOOTH = 0.05  # of the line: emphasis is carried by words, not by sounds
_HIGHEST = 0.4  # natural log: a line is spoken at most 7 semitones above or below the speaker's usual pitch
_NARROWEST, _WIDEST = 0.03, 0.45  # deviations of log pitch that people speak with
_MOST_PITCH, _MOST_LOUDNESS = 0.25, 0.7  # natural log: about 4 semitones and 6 dB

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pause:
    """A silence within a line.

    Attributes:
        at: Share of the line's sounding time that lies before it, 0 to 1.
        seconds: How long it is.
    """

    at: float
    seconds: float


@dataclass(frozen=True)
class Delivery:
    """How a line was spoken.

    Attributes:
        level: Its median pitch over the speaker's usual one, natural log.
        spread: Standard deviation of its log pitch.
        pitch: Emphasis by pitch, ``(PLACES,)`` natural log above the line's own course.
        loudness: Emphasis by loudness, ``(PLACES,)`` natural log of magnitude.
        pauses: In order.
    """

    level: float
    spread: float
    pitch: Array
    loudness: Array
    pauses: tuple[Pause, ...]

    @classmethod
    def of(cls, line: Waveform, *, f0_median_hz: float) -> Delivery | None:
        """Measure a recorded line.

        Args:
            line: Speech of one person; channels are averaged.
            f0_median_hz: That person's usual pitch.

        Returns:
            None where hardly any voice is heard in it.
        """
        sound = resample(Waveform(line.mono()[None], line.sample_rate), _RATE).samples[0]
        melody = Melody.of(sound, sample_rate=_RATE, near_hz=f0_median_hz)
        level = _loudness(sound, count=len(melody))
        sounding = level > np.percentile(level, 95) + _QUIET
        pauses = _pauses(sounding)
        sounding = _between(sounding, pauses)
        voiced = melody.voiced & sounding
        if voiced.sum() < max(_LEAST_VOICED, _LEAST_SHARE * sounding.sum()):
            return None
        at = np.cumsum(sounding) / sounding.sum()
        log_f0 = np.log(melody.f0_hz.astype(np.float64))
        return cls(
            float(np.clip(np.median(log_f0[voiced]) - np.log(f0_median_hz), -_HIGHEST, _HIGHEST)),
            float(np.clip(log_f0[voiced].std(), _NARROWEST, _WIDEST)),
            _emphasis(at[voiced], log_f0[voiced]).clip(-_MOST_PITCH, _MOST_PITCH),
            _emphasis(at[sounding], level[sounding]).clip(-_MOST_LOUDNESS, _MOST_LOUDNESS),
            tuple(Pause(float(at[first]), min((end - first) / FRAME_RATE, _LONGEST_PAUSE)) for first, end in pauses),
        )


def with_pauses(pieces: Sequence[Piece], delivery: Delivery | None) -> list[float]:
    """How many seconds each piece of a translation lasts: pauses as long as the original's near the same place.

    A pause of the original where the translation has none is not put into the middle of its words.
    """
    lengths = [float(piece.span.duration) for piece in pieces]
    if delivery is None:
        return lengths
    sounding = np.array(
        [0.0 if piece.kind == "pause" else length for piece, length in zip(pieces, lengths, strict=True)]
    )
    at = np.cumsum(sounding) / max(sounding.sum(), 1e-9)
    free = [index for index in range(1, len(pieces) - 1) if pieces[index].kind == "pause"]
    for pause in sorted(delivery.pauses, key=lambda item: -item.seconds):
        nearest = min(free, key=lambda index: abs(at[index] - pause.at), default=None)
        if nearest is not None and abs(at[nearest] - pause.at) <= _NEAR:
            lengths[nearest] = pause.seconds
            free.remove(nearest)
    return lengths


def _loudness(sound: NDArray[np.float32], *, count: int) -> Array:
    """Natural log of the magnitude around every frame, ``(count,)``."""
    power = np.convolve(np.square(sound, dtype=np.float64), np.full(_WINDOW, 1 / _WINDOW), mode="same")
    at = np.minimum(np.arange(count) * (_RATE // FRAME_RATE), len(sound) - 1)
    level: Array = 0.5 * np.log(power[at].clip(0) + 1e-12)
    return level


def _pauses(sounding: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Silences within the line, as frames; neither the one before it nor the one after."""
    edges = np.flatnonzero(np.diff(sounding.astype(int)))
    runs = [(int(a) + 1, int(b) + 1) for a, b in itertools.pairwise(edges) if not sounding[a + 1]]
    return [(first, end) for first, end in runs if end - first >= _SHORTEST_PAUSE * FRAME_RATE]


def _between(sounding: NDArray[np.bool_], pauses: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Everything from the first sound to the last but the pauses: short silences belong to the words."""
    heard = np.flatnonzero(sounding)
    whole = np.zeros(len(sounding), bool)
    whole[heard[0] : heard[-1] + 1] = True
    for first, end in pauses:
        whole[first:end] = False
    return whole


def _emphasis(at: Array, values: Array) -> Array:
    """What stands out of a line's falling course, ``(PLACES,)``."""
    course = np.polyfit(at, values, 1)
    grid = np.linspace(0, 1, PLACES)
    rest = values - np.polyval(course, at)
    weights = np.exp(-0.5 * ((grid[:, None] - at) / _SMOOTH) ** 2)
    smooth: Array = (weights @ rest) / weights.sum(axis=1).clip(1e-9)
    found: Array = gaussian_filter1d(smooth, 1.0)
    return found


def emphasis_at(values: Array, sounding: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Emphasis ``(PLACES,)`` laid over the frames of a translation, ``(T,)``; ``sounding`` tells its pauses apart."""
    at = np.cumsum(sounding) / max(int(sounding.sum()), 1)
    laid: NDArray[np.float32] = np.interp(at, np.linspace(0, 1, len(values)), values).astype(np.float32)
    return laid
