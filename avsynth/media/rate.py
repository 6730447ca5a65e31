"""Finds the exact rational frame rate behind rounded presentation times."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

NTSC = tuple(Fraction(rate * 1000, 1001) for rate in (12, 15, 24, 30, 48, 60, 120, 240))
WHOLE = tuple(Fraction(rate) for rate in (8, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 72, 90, 100, 120, 240))
STANDARD = (*NTSC, *WHOLE, Fraction(25, 2))


def exact_rate(pts: NDArray[np.int64], *, time_base: Fraction, hints: Sequence[Fraction] = ()) -> tuple[Fraction, bool]:
    """The frame rate, and whether it varies.

    A rate is constant if every presentation time is at most one tick of the time base away from its grid: containers
    round (Matroska to milliseconds). Among the rates that fit, the container's own word comes first, snapped to a
    standard rate, since a short clip in milliseconds may fit 24 as well as 24000/1001.

    Args:
        pts: Presentation times in order, shape ``(N,)``, in ticks of ``time_base``.
        time_base: Seconds a tick.
        hints: What the container claims.

    Returns:
        Frames a second, and True if no rate fits; then it is the mean rate.

    Example:
        >>> exact_rate(np.array([0, 33, 67, 100, 133]), time_base=Fraction(1, 1000), hints=[Fraction(2997, 100)])
        (Fraction(30000, 1001), False)
        >>> exact_rate(np.array([0, 40, 120]), time_base=Fraction(1, 1000))
        (Fraction(50, 3), True)
    """
    stated = [hint for hint in hints if hint > 0]
    if len(pts) < 2:
        return (snap(stated[0]) if stated else Fraction(25)), False
    mean = Fraction(len(pts) - 1) / (int(pts[-1] - pts[0]) * time_base)
    nearest = sorted(STANDARD, key=lambda rate: abs(rate - mean))
    for rate in (*map(snap, stated), *nearest[:3], *stated, mean):
        if _fits(pts, rate=rate, time_base=time_base):
            return rate, False
    return mean.limit_denominator(1001), True


def snap(rate: Fraction) -> Fraction:
    """The standard rate within a ten-thousandth of ``rate``, or ``rate`` itself.

    >>> snap(Fraction(23976, 1000)), snap(Fraction(18))
    (Fraction(24000, 1001), Fraction(18, 1))
    """
    near = min(STANDARD, key=lambda standard: abs(standard - rate))
    return near if abs(near - rate) <= rate / 10_000 else rate


def _fits(pts: NDArray[np.int64], *, rate: Fraction, time_base: Fraction) -> bool:
    step = 1 / (rate * time_base)  # ticks a frame
    if step.denominator > 10_000_000:
        return False
    grid = np.arange(len(pts), dtype=np.int64) * step.numerator
    deviation = np.abs((pts - pts[0]) * step.denominator - grid)
    return bool(deviation.max() <= step.denominator)
