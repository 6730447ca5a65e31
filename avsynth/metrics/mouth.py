"""Does the mouth in the picture do what the sound says: closure, rest, and how well the opening follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.core.span import Span
from avsynth.core.speech import PhonemeTimeline
from avsynth.text.articulation import features

CLOSED = 0.02  # of the eye corners' distance: at 125 px, lips 2.5 px apart look closed
GUARD = Fraction(3, 20)  # seconds: mouths open before the voice and close after it


@dataclass(frozen=True)
class MouthScore:
    """How a mouth follows its phonemes.

    Attributes:
        bilabials: How many /p b m/ fall into measured frames.
        closure: Share of them with a closed frame; 1 where there are none.
        silent_frames: How many measured frames lie in silence.
        leak: Share of those with an open mouth; 0 where there are none.
    """

    bilabials: int
    closure: float
    silent_frames: int
    leak: float


def mouth_score(
    opening: NDArray[np.float32], *, measured: NDArray[np.bool_], timeline: PhonemeTimeline, frame_rate: Fraction
) -> MouthScore:
    """Score a measured mouth opening against the phonemes of its sound.

    Args:
        opening: ``(T,)``: distance of the inner lips over the outer eye corners', frame 0 first.
        measured: ``(T,)`` bool: frames to count: the face was seen and its mouth was replaced.
        timeline: What is heard.
        frame_rate: Frames a second.

    Example:
        >>> from avsynth.core.span import Span
        >>> from avsynth.core.speech import PhonemeSpan
        >>> said = PhonemeTimeline((PhonemeSpan("m", Span(Fraction(1, 5), Fraction(2, 5))),), Fraction(1))
        >>> lips = np.full(25, 0.1, np.float32)
        >>> lips[7] = 0
        >>> seen = np.ones(25, bool)
        >>> mouth_score(lips, measured=seen, timeline=said, frame_rate=Fraction(25)).closure
        1.0
    """
    closed = opening < CLOSED
    hits = count = 0
    for phoneme in timeline:
        frames = _frames(phoneme.span.start, phoneme.span.end, frame_rate, len(opening))
        if _closes_the_lips(phoneme.symbol) and measured[frames].all() and len(frames):
            count += 1
            hits += bool(closed[frames].any())
    quiet = silent_frames(timeline, frame_rate=frame_rate, count=len(opening)) & measured
    return MouthScore(
        bilabials=count,
        closure=hits / count if count else 1.0,
        silent_frames=int(quiet.sum()),
        leak=float((~closed[quiet]).mean()) if quiet.any() else 0.0,
    )


def silent_frames(
    timeline: PhonemeTimeline, *, frame_rate: Fraction, count: int, guard: Fraction = GUARD
) -> NDArray[np.bool_]:
    """Frames farther than ``guard`` seconds from any phoneme, shape ``(T,)``."""
    return quiet_frames([phoneme.span for phoneme in timeline], frame_rate=frame_rate, count=count, guard=guard)


def quiet_frames(
    spoken: Sequence[Span], *, frame_rate: Fraction, count: int, guard: Fraction = GUARD
) -> NDArray[np.bool_]:
    """Frames farther than ``guard`` seconds from any stretch of speech, shape ``(T,)``.

    Example:
        >>> quiet_frames([Span(Fraction(1), Fraction(2))], frame_rate=Fraction(5), count=15).astype(int)
        array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
    """
    quiet = np.ones(count, bool)
    for span in spoken:
        quiet[_frames(span.start - guard, span.end + guard, frame_rate, count)] = False
    return quiet


def follows(opening: NDArray[np.float32], *, wanted: NDArray[np.float32]) -> float:
    """Pearson correlation of measured and wanted opening; 0 where one of them does not move.

    >>> round(follows(np.array([0, 1, 2], np.float32), wanted=np.array([0, 2, 4], np.float32)), 3)
    1.0
    """
    if len(opening) < 3 or opening.std() < 1e-6 or wanted.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(opening, wanted)[0, 1])


def _closes_the_lips(symbol: str) -> bool:
    """/p b m/ and their like; in Spanish "saber" the lips only come near each other."""
    sound = features(symbol)
    return sound.place == "bilabial" and sound.manner in ("plosive", "nasal")


def _frames(start: Fraction, end: Fraction, frame_rate: Fraction, count: int) -> NDArray[np.int64]:
    """Every frame whose display interval touches ``[start, end)``."""
    first = max(int(start * frame_rate // 1), 0)
    last = min(int(-(-(end * frame_rate) // 1)), count)
    return np.arange(first, max(last, first))
