"""What maps to real mouths are fitted from: filmed clips, and least squares that are added up clip by clip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.lipsync.prior import RULES_SCALE, Taps
from avsynth.models.ear import FRAME_RATE, RATE, Hearing, sample
from avsynth.training.manifest import Item, place_of
from avsynth.voice.forced import class_of, force

Values = NDArray[np.float64]
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class FilmedMouth:
    """A clip of one person speaking.

    Attributes:
        person: Who.
        words: What is said.
        motion: ``(T, K)`` in ``visemes.BASIS``.
        opening: ``(T,)`` as measured, over the eye corners' distance.
        width: The same of the width.
        times: ``(T,)`` seconds of the sound.
        seen: ``(T,)`` bool.
        sound: The sound.
        timeline: When each phoneme sounds, where the corpus says so.
    """

    person: str
    words: str
    motion: Values
    opening: Values
    width: Values
    times: Values
    seen: NDArray[np.bool_]
    sound: Waveform
    timeline: PhonemeTimeline | None

    @classmethod
    def read(cls, item: Item, *, manifest: Path) -> FilmedMouth:
        """From what ``recipes/GRID/MouthMotion/prepare.py`` wrote."""
        with np.load(place_of(item.files["clip"], manifest=manifest), allow_pickle=False) as data:
            rate = float(Fraction(str(data["frame_rate"])))
            sound = Waveform((data["sound"][None] / 32767).astype(np.float32), RATE)
            spans = [
                (str(symbol), float(a), float(b)) for symbol, (a, b) in zip(data["symbols"], data["spans"], strict=True)
            ]
            return cls(
                item.facts["person"],
                item.facts["words"],
                data["motion"].astype(np.float64),
                data["opening"].astype(np.float64),
                data["width"].astype(np.float64),
                (np.arange(len(data["motion"])) + int(data["start"])) / rate,
                data["seen"],
                sound,
                timeline_of(spans, duration=sound.duration) if spans else None,
            )


def timeline_of(spans: Iterable[tuple[str, float, float]], *, duration: Fraction) -> PhonemeTimeline:
    """Phonemes with times in seconds as a timeline; what overlaps the one before begins later."""
    kept: list[PhonemeSpan] = []
    edge = Fraction(0)
    for symbol, first, last in spans:
        start = max(Fraction(round(first * _MICROSECONDS), _MICROSECONDS), edge)
        end = min(Fraction(round(last * _MICROSECONDS), _MICROSECONDS), duration)
        if start < end:
            kept.append(PhonemeSpan(symbol, Span(start, end)))
            edge = end
    return PhonemeTimeline(tuple(kept), duration)


def aligned(
    heard: Hearing, *, symbols: Sequence[str], prior: Values, duration: Fraction
) -> tuple[PhonemeTimeline, float]:
    """When known phonemes are heard, and how well they fit.

    Raises:
        ValueError: They do not fit into the sound.
    """
    symbols = [symbol for symbol in symbols if class_of(symbol)]
    found, likelihood = force(heard, classes=[class_of(symbol) for symbol in symbols], prior=prior)
    spans = [(symbol, a / FRAME_RATE, b / FRAME_RATE) for symbol, (a, b) in zip(symbols, found, strict=True)]
    return timeline_of(spans, duration=duration), likelihood


class LeastSquares:
    """Ridge regression of rows around a moment on what is wanted then, added up part by part.

    Args:
        around: Seconds at which rows are looked at.
    """

    def __init__(self, around: Sequence[float]) -> None:
        self.around = np.asarray(around, np.float64)
        self._gram: Values | None = None
        self._wanted: Values | None = None

    def add(self, rows: NDArray[np.floating], *, times: Values, wanted: Values, weight: float = 1.0) -> None:
        """Add ``wanted (N, K)`` at ``times (N,)`` seconds of ``rows (T, D)`` at ``ear.FRAME_RATE``."""
        seen = sample(rows, times=times, around=self.around)
        seen = np.concatenate([seen, np.ones((len(seen), 1))], axis=1)
        gram, target = weight * seen.T @ seen, weight * seen.T @ wanted
        self._gram = gram if self._gram is None else self._gram + gram
        self._wanted = target if self._wanted is None else self._wanted + target

    def solve(self, *, penalty: float) -> Taps:
        """The map.

        Raises:
            ValueError: Nothing was added.
        """
        if self._gram is None or self._wanted is None:
            raise ValueError("there is nothing to fit")
        ridge = penalty * np.eye(len(self._gram))
        ridge[-1, -1] = 1e-6  # the mean is free
        found = np.linalg.solve(self._gram + ridge, self._wanted).astype(np.float32)
        return Taps(self.around, found[:-1], found[-1])


@dataclass(frozen=True)
class MapSettings:
    """How a map to real mouths is fitted.

    Attributes:
        penalty: Of the ridge.
        around: Seconds at which rows are looked at.
        many_clips: Weight of a clip of a person of whom there are more than ``MANY``, against one of another.
        trust: Share of the fitted map that is kept against the rules: a corpus of few words fits itself too well.
    """

    penalty: float
    around: tuple[float, ...]
    many_clips: float
    trust: float = 1.0


MANY = 10


def fit_map(clips: Sequence[FilmedMouth], rows: Sequence[NDArray[np.floating]], *, settings: MapSettings) -> Taps:
    """Fit what filmed mouths do beyond the rules to rows at ``ear.FRAME_RATE``, one array a clip.

    The first columns of the rows are the rules' coefficients times ``RULES_SCALE``. The penalty draws the map to them:
    what too few people show stays as the rules have it.
    """
    squares = LeastSquares(settings.around)
    counts = {clip.person: sum(other.person == clip.person for other in clips) for clip in clips}
    components, columns = clips[0].motion.shape[1], rows[0].shape[1]
    rules = np.zeros((len(settings.around) * columns, components), np.float32)
    center = int(np.argmin(np.abs(settings.around))) * columns
    rules[center + np.arange(components), np.arange(components)] = 1 / RULES_SCALE
    for clip, row in zip(clips, rows, strict=True):
        weight = settings.many_clips if counts[clip.person] > MANY else 1.0
        good = clip.seen & np.isfinite(clip.motion).all(axis=1)
        told = sample(row, times=clip.times[good], around=squares.around) @ rules
        squares.add(row, times=clip.times[good], wanted=clip.motion[good] - told, weight=weight)
    found = squares.solve(penalty=settings.penalty)
    trust = np.float32(settings.trust)
    return Taps(found.around, trust * found.weight + rules, trust * found.bias)
