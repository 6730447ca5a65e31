"""Where a face is changed: around the dubbed lines, inside what can be done well, with soft borders."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.core.media import Shot
from avsynth.core.span import Span

LEAD = Fraction(1, 4)  # the mouth begins to move before the sound does
TAIL = Fraction(1, 4)
BRIDGE = Fraction(3, 2)  # shorter pauses between lines stay in one region: the mouth rests closed in them
FADE_SECONDS = Fraction(3, 25)


def regions(spans: Sequence[Span], *, duration: Fraction, whole: bool) -> tuple[Span, ...]:
    """Join the spans of one speaker's lines into the stretches in which their face is changed.

    Args:
        spans: When the lines are heard, in order.
        duration: Length of the film in seconds.
        whole: Change the face all the time, because nothing of the original sound is left.

    Example:
        >>> lines = [Span(Fraction(1), Fraction(2)), Span(Fraction(3), Fraction(4)), Span(Fraction(8), Fraction(9))]
        >>> [(float(r.start), float(r.end)) for r in regions(lines, duration=Fraction(9), whole=False)]
        [(0.75, 4.25), (7.75, 9.0)]
    """
    if whole:
        return (Span(Fraction(0), duration),)
    joined: list[Span] = []
    for span in spans:
        wide = Span(max(span.start - LEAD, Fraction(0)), min(span.end + TAIL, duration))
        if joined and wide.start - joined[-1].end < BRIDGE - LEAD - TAIL:
            joined[-1] = Span(joined[-1].start, max(wide.end, joined[-1].end))
        else:
            joined.append(wide)
    return tuple(joined)


def strength(
    usable: NDArray[np.bool_], *, start: int, wanted: Sequence[Span], shots: Sequence[Shot], frame_rate: Fraction
) -> NDArray[np.float32]:
    """How strongly each frame of a track is replaced.

    Full strength where the face is usable and a change is wanted; soft borders inside that, but hard ones at cuts
    and at the film's ends, where there is nothing to be seamless with.

    Args:
        usable: ``(T,)`` bool: the mouth can be replaced well.
        start: Index in the film of the first frame.
        wanted: The stretches of ``regions``.
        shots: The film's shots.
        frame_rate: Frames a second.

    Returns:
        ``(T,)`` float32 in 0..1.
    """
    count = len(usable)
    frames = np.arange(start, start + count)
    inside = np.zeros(count, bool)
    for span in wanted:
        part = span.frames(frame_rate)
        inside |= (frames >= part.start) & (frames < part.stop)
    active = usable & inside
    fade = max(1, round(FADE_SECONDS * frame_rate))
    result = np.zeros(count, np.float32)
    for shot in shots:
        first, last = max(shot.start - start, 0), min(shot.end - start, count)
        for begin, end in runs(active[first:last]):
            ramp = np.full(end - begin, np.inf)
            if begin > 0:  # the border lies inside the shot, so the eye can compare
                ramp = np.minimum(ramp, np.arange(1, end - begin + 1))
            if first + end < last:
                ramp = np.minimum(ramp, np.arange(end - begin, 0, -1))
            level = np.clip(ramp / (fade + 1), 0, 1)
            result[first + begin : first + end] = (level * level * (3 - 2 * level)).astype(np.float32)
    return result


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The stretches of True, as half-open index pairs.

    >>> runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
