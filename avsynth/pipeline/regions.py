"""Where a face is changed: around the dubbed lines, inside what can be done well, with soft borders."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import runs
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


def fade_frames(frame_rate: Fraction) -> int:
    """How many frames a soft border takes."""
    return max(1, round(FADE_SECONDS * frame_rate))


def strength(
    usable: NDArray[np.bool_], *, times: Sequence[Fraction], wanted: Sequence[Span], shots: Sequence[Shot], fade: int
) -> NDArray[np.float32]:
    """How strongly each frame of a track is replaced.

    Full strength where the face is usable and a change is wanted; soft borders inside that, but hard ones at cuts
    and at the film's ends, where there is nothing to be seamless with.

    Args:
        usable: ``(T,)`` bool: the mouth can be replaced well.
        times: When each frame of the track is shown, in seconds of the film.
        wanted: The stretches of ``regions``.
        shots: The shots the track lies in, counted from its first frame.
        fade: Frames a soft border takes.

    Returns:
        ``(T,)`` float32 in 0..1.
    """
    inside = np.zeros(len(usable), bool)
    for span in wanted:
        inside[bisect_left(times, span.start) : bisect_left(times, span.end)] = True
    active = usable & inside
    result = np.zeros(len(usable), np.float32)
    for shot in shots:
        part = active[shot.start : shot.end]
        for begin, end in runs(part):
            ramp = np.full(end - begin, np.inf)
            if begin > 0:  # the border lies inside the shot, so the eye can compare
                ramp = np.minimum(ramp, np.arange(1, end - begin + 1))
            if end < len(part):
                ramp = np.minimum(ramp, np.arange(end - begin, 0, -1))
            level = np.clip(ramp / (fade + 1), 0, 1)
            result[shot.start + begin : shot.start + end] = (level * level * (3 - 2 * level)).astype(np.float32)
    return result
