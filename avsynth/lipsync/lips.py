"""What lip points say: opening, width, thickness and jaw; and how a typical mouth moves when they change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avsynth.lipsync.canonical import MouthPoints, Points

FEATURES = ("opening", "width", "upper_thickness", "lower_thickness", "jaw")
# In units of the distance of the outer eye corners, of people speaking towards the camera.
TYPICAL_DEVIATION = np.array([0.05, 0.04, 0.012, 0.016, 0.03])
TYPICAL_SPAN = np.array([0.18, 0.07, 0.02, 0.03, 0.08])


def features(shapes: Points, *, points: MouthPoints) -> NDArray[np.float64]:
    """Measure mouth points ``(T, P, 2)``; ``(T, F)`` in the order of ``FEATURES``."""
    outer, inner = shapes[:, points.outer], shapes[:, points.inner]
    place = {int(number): at for at, number in enumerate(points.indices)}
    gaps = [shapes[:, place[low], 1] - shapes[:, place[up], 1] for up, low in points.layout.opening]
    left, right = (shapes[:, place[corner]] for corner in points.layout.corners)
    outer_top, outer_low = _centers(outer)
    inner_top, inner_low = _centers(inner)
    columns = [
        np.mean(gaps, axis=0),
        np.linalg.norm(right - left, axis=-1),
        inner_top - outer_top,
        outer_low - inner_low,
        shapes[:, points.chin, 1].mean(axis=1),
    ]
    return np.stack(columns, axis=1)


def _centers(ring: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean height of the middle of the upper and of the lower half of a lip ring, each ``(T,)``."""
    count = ring.shape[1]
    quarter, near = count // 4, max(count // 10, 0)
    upper = ring[:, quarter - near : quarter + near + 1, 1]
    lower = ring[:, 3 * quarter - near : 3 * quarter + near + 1, 1]
    return upper.mean(axis=1), lower.mean(axis=1)


def across(ring: Points) -> NDArray[np.float64]:
    """Where along the mouth each point of a ring ``(T, n, 2)`` lies: -1 at the left corner, 1 at the right."""
    left, right = ring[:, 0, 0], ring[:, ring.shape[1] // 2, 0]
    middle, half = (left + right) / 2, np.maximum((right - left) / 2, 1e-6)
    return np.clip((ring[..., 0] - middle[:, None]) / half[:, None], -1, 1)


def is_upper(count: int) -> NDArray[np.bool_]:
    """Which points of a ring of ``count`` belong to the upper lip; the corners belong to neither."""
    index = np.arange(count)
    return (index > 0) & (index < count // 2)


def is_lower(count: int) -> NDArray[np.bool_]:
    """Which points of a ring of ``count`` belong to the lower lip."""
    return np.arange(count) > count // 2


def directions(rest: Points, *, points: MouthPoints) -> Points:
    """How the points ``(P, 2)`` of a typical mouth move for one unit of each feature, ``(F, 2P)``.

    Lips part in a parabola, three quarters of it by the lower lip, which takes the chin along.
    """
    move = np.zeros((len(FEATURES), *rest.shape))
    for ring, outer in ((points.outer, True), (points.inner, False)):
        at = across(rest[None, ring])[0]
        bow, count = 1 - at**2, len(at)
        upper, lower = is_upper(count) * bow, is_lower(count) * bow
        move[0, ring, 1] = 0.75 * lower - 0.25 * upper
        move[1, ring, 0] = 0.5 * at
        if outer:
            move[2, ring, 1], move[3, ring, 1] = -upper, lower
    move[0, points.chin, 1] = 0.6
    move[4, points.chin, 1] = 1.0
    return move.reshape(len(FEATURES), -1)


def with_opening(shapes: Points, opening: NDArray[np.float64], *, points: MouthPoints) -> Points:
    """The same mouths ``(T, P, 2)`` with exactly the given opening ``(T,)``; 0 seals the lips along their line.

    The outer lip moves with the inner one, so lips keep their thickness.
    """
    out = shapes.copy()
    inner = out[:, points.inner]
    count = inner.shape[1]
    top = np.arange(1, count // 2)
    low = count - top
    bow = 1 - across(inner)[:, top] ** 2
    gap = np.maximum(inner[:, low, 1] - inner[:, top, 1], 0) + 0.01 * bow
    profile = np.minimum(gap / np.maximum(_opening_gap(gap, points, top)[:, None], 1e-9), 2.0)
    middle = (inner[:, low, 1] + inner[:, top, 1]) / 2
    wanted = profile * opening[:, None]
    shift_top = middle - wanted / 2 - inner[:, top, 1]
    shift_low = middle + wanted / 2 - inner[:, low, 1]
    at_inner = across(inner)[:, top]
    at, number = across(out[:, points.outer]), len(points.layout.outer_lip)
    sides = is_upper(number), is_lower(number)
    for i in range(len(out)):
        knots = np.concatenate([[-1.0], at_inner[i], [1.0]])
        for side, shift in zip(sides, (shift_top[i], shift_low[i]), strict=True):
            moved = np.interp(at[i, side], knots, np.concatenate([[0.0], shift, [0.0]]))
            out[i, np.flatnonzero(side) + points.outer.start, 1] += moved
    out[:, points.inner.start + top, 1] += shift_top
    out[:, points.inner.start + low, 1] += shift_low
    return out


def _opening_gap(gap: NDArray[np.float64], points: MouthPoints, top: NDArray[np.intp]) -> NDArray[np.float64]:
    """Mean of the gaps ``(T, n)`` at the layout's opening pairs, ``(T,)``."""
    ring = list(points.layout.inner_lip)
    columns = [int(np.flatnonzero(top == ring.index(up))[0]) for up, _ in points.layout.opening if up in ring]
    return np.asarray(gap[:, columns or slice(None)].mean(axis=1))
