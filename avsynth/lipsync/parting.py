"""Parts the lips of a single picture: the upper lip stays with the skull, the lower goes down with jaw and chin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.lipsync.blend import smoothstep
from avsynth.lipsync.canonical import MouthPoints, Points
from avsynth.lipsync.lips import across, features, is_lower, is_upper
from avsynth.lipsync.warp import Bend

_LIP_STIFFNESS, _JAW_STIFFNESS, _STILL_STIFFNESS = 1e-4, 1e-3, 1e-3
_MANY_POINTS = 16  # rings with as many points are thinned by two
_CHIN_FOLLOWS = 0.75  # of the lower lip's way
_HINGE_POWER = 1.5  # how soon the jaw's movement dies away toward the ears
_HOLD = 0.42  # so far outside the jaw nothing moves
_CRACK = 0.004  # least half width of the step between the lips
_IN_LIP = 0.012  # lips that the picture shows parted are taken from so far within: their edge is half teeth
_PARTED = 0.02  # the least opening of such lips
_FAN = 0.9  # by which it widens beyond the corners


@dataclass(frozen=True)
class Parting:
    """Where the lower face of a picture is taken from when its mouth has another shape.

    Attributes:
        points: Which landmarks are followed.
        source: ``(P, 2)`` mouth points in the picture, in canonical units.
        target: ``(P, 2)`` where they shall be.
        upper: Bend of what hangs on the upper lip.
        lower: Bend of what hangs on the lower one.
    """

    points: MouthPoints
    source: Points
    target: Points
    upper: Bend
    lower: Bend

    @classmethod
    def fit(cls, source: Points, wanted: Points, *, still: Points, points: MouthPoints) -> Parting:
        """Plan it.

        Args:
            source: ``(P, 2)`` mouth points in the picture.
            wanted: ``(P, 2)`` the lips as they shall be; the jaw follows from them.
            still: ``(R, 2)`` points that stay.
            points: Which landmarks they are.
        """
        target = source.copy()
        target[points.lips] = wanted[points.lips]
        target[points.jaw] += jaw_shift(source, wanted, points=points)
        hold = _around(source[points.jaw])
        taken = _within_lips(source, target, points=points)
        fixed = np.concatenate([still, hold])
        bends = []
        for side in (is_lower, is_upper):
            knots = _knots(points, without=side)
            stiffness = np.where(np.arange(len(source)) >= points.jaw.start, _JAW_STIFFNESS, _LIP_STIFFNESS)
            soft = np.concatenate([stiffness[knots], np.full(len(fixed), _STILL_STIFFNESS)])
            bends.append(Bend.fit(np.concatenate([target[knots], fixed]), np.concatenate([taken[knots], fixed]), soft))
        return cls(points, source, target, bends[0], bends[1])

    @property
    def inner(self) -> Points:
        """The inner-lip ring as it shall be."""
        return self.target[self.points.inner]

    def moved(
        self, at: NDArray[np.float32], *, step: int, pixel: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """By how much each place ``(h, w, 2)`` is taken from elsewhere.

        Between the corners the two lips meet in a step along the middle of the opening, whose pixels mix both colors:
        a place between would show what is between the lips. Beyond the corners the movements run into each other, in
        a fan.

        Args:
            at: Canonical places of pixels.
            step: The bends are computed for every so many pixels.
            pixel: Size of a pixel.

        Returns:
            Displacement of what is taken for the upper lip's side and of what is for the lower one's, ``(h, w, 2)``,
            and how much of the second is seen, ``(h, w)``.
        """
        upper, lower = (_displacement(bend, at, step=step) for bend in (self.upper, self.lower))
        ring = self.inner
        count = len(ring)
        top = np.arange(1, count // 2)
        line = np.concatenate([ring[:1], (ring[top] + ring[count - top]) / 2, ring[count // 2 : count // 2 + 1]])
        line = line[np.argsort(line[:, 0])]
        x, y = at[..., 0], at[..., 1]
        beyond = np.maximum(np.maximum(line[0, 0] - x, x - line[-1, 0]), 0)
        height = y - np.interp(x, line[:, 0], line[:, 1])
        below = smoothstep(0.5 + height / (2 * (max(_CRACK, 0.7 * pixel) + _FAN * beyond))).astype(np.float32)
        fan = (beyond > 0)[..., None]
        both = upper + (lower - upper) * below[..., None]
        return np.where(fan, both, upper), np.where(fan, both, lower), below


def _displacement(bend: Bend, at: NDArray[np.float32], *, step: int) -> NDArray[np.float32]:
    """What a bend moves, computed at every ``step``-th pixel and grown to all."""
    size = at.shape[:2]
    rows, columns = (np.minimum(np.arange(0, n + step, step), n - 1) for n in size)
    nodes = at[rows[:, None], columns].astype(np.float64)
    coarse = (bend(nodes.reshape(-1, 2)).reshape(nodes.shape) - nodes).astype(np.float32)
    # The last node lies on the last pixel, which may be nearer than a step.
    y, x = (
        np.interp(np.arange(n), lines + 1e-6 * np.arange(len(lines)), np.arange(len(lines))).astype(np.float32)
        for n, lines in zip(size, (rows, columns), strict=True)
    )
    across, down = np.meshgrid(x, y)
    fine = cv2.remap(coarse, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(fine, np.float32)


def _within_lips(source: Points, target: Points, *, points: MouthPoints) -> Points:
    """Where lips are taken from: further within, the more a mouth closes that the picture shows open."""
    shown, wanted = features(np.stack([source, target]), points=points)[:, 0]
    deeper = _IN_LIP * float(np.clip(1 - wanted / max(shown, 1e-6), 0, 1)) * float(shown > _PARTED)
    taken = source.copy()
    ring = taken[points.inner]
    bow = np.clip(4 * (1 - across(ring[None])[0] ** 2), 0, 1)
    ring[:, 1] += deeper * bow * (is_lower(len(ring)).astype(float) - is_upper(len(ring)))
    return taken


def jaw_shift(source: Points, wanted: Points, *, points: MouthPoints) -> Points:
    """How far each jaw point moves, ``(J, 2)``: the chin with the lower lip, the ears not at all."""
    count = points.inner.stop - points.inner.start
    low = points.inner.start + 3 * count // 4
    way = _CHIN_FOLLOWS * float(wanted[low, 1] - source[low, 1])
    jaw = source[points.jaw]
    share = np.sin(np.linspace(0, np.pi, len(jaw))) ** _HINGE_POWER
    return np.stack([np.zeros(len(jaw)), way * share], axis=1)


def _around(jaw: Points) -> Points:
    """Points outside the jaw line, which stay."""
    middle = np.array([jaw[:, 0].mean(), 0.0])
    away = jaw - middle
    around: Points = jaw + _HOLD * away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    return around


def _knots(points: MouthPoints, *, without: Callable[[int], NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Which mouth points hold a bend: without those of one lip, of dense rings every other one."""
    knots = np.ones(len(points.indices), bool)
    for ring in (points.outer, points.inner):
        count = ring.stop - ring.start
        knots[ring] = ~without(count)
        if count >= _MANY_POINTS:
            knots[ring.start + 1 : ring.stop : 2] = False
    return knots
