"""One person's mouth: how its shape follows the motion's coefficients, within this person's own range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from avsynth.core.errors import InputError
from avsynth.core.face import FaceLayout, FaceTrack, MouthMotion
from avsynth.lipsync.canonical import MouthPoints, Placed, Points, Template, place
from avsynth.lipsync.lips import (
    TYPICAL_DEVIATION,
    TYPICAL_SPAN,
    directions,
    features,
    with_opening,
)
from avsynth.lipsync.visemes import BASIS

SHAPE_BASIS = "lip-shape"  # coefficients are this person's own lip points, free of pose, flattened

_POSE_COMPONENTS = 4
_POSE_RIDGE = 0.006  # squared eye distances; 50 in the study's pixels of 1/90
_PRIOR_FRAMES = 30.0  # how many of the person's frames outweigh what is typical of mouths
_KNOWN_FRAMES = 75.0  # from this many on, the person's range is taken from their own percentiles alone
# Share of its width at rest by which a mouth narrows in /u/ and widens in /i/, at least: people who spoke little in
# the footage did not show it, and their lips bend that far without harm.
NARROWEST, WIDEST = 0.13, 0.07
_PRESS = (
    0.008  # closed lips are pressed by so much, in eye distances: merely touching ones show a dark line between them
)
_ANCHOR_FRAMES = 3.0  # deviation of the smoothing of what the pose regression misses


@dataclass(frozen=True)
class PersonMouth:
    """What was learnt of one person's mouth, in units of the distance of their outer eye corners.

    Attributes:
        points: Which landmarks are followed.
        template: Their rigid points at rest.
        pose_axes: ``(C, 2R)`` how the rigid points move with pose.
        pose_effect: ``(C, 2P)`` what pose does to the mouth points.
        rest: ``(P, 2)`` the mouth at rest, lips closed, at the template's pose.
        effect: ``(F, 2P)`` what each feature of ``lips.FEATURES`` does to the points.
        low: ``(F,)`` the features' lower ends: closed, narrow, thin, up.
        middle: ``(F,)`` at rest.
        high: ``(F,)`` their upper ends: open as in /a/, wide, thick, down.
    """

    points: MouthPoints
    template: Template
    pose_axes: Points
    pose_effect: Points
    rest: Points
    effect: Points
    low: NDArray[np.float64]
    middle: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def learn(cls, tracks: Sequence[tuple[FaceTrack, NDArray[np.bool_]]]) -> PersonMouth:
        """Learn from tracks of one person and which of their frames are usable.

        The person's own frames correct what is typical of mouths; a single frame leaves the typical.

        Raises:
            InputError: No frame is usable, or the tracks' landmark sets differ.
        """
        layouts: set[FaceLayout] = {track.layout for track, _ in tracks}
        if len(layouts) > 1:
            raise InputError("the footage was tracked with different landmark engines; track it with one")
        sound = [(t, u & np.isfinite(t.landmarks_px[..., :2]).all(axis=(1, 2)) & t.visible) for t, u in tracks]
        template = Template.of(sound)
        points = MouthPoints.of(tracks[0][0].layout)
        placed = [(place(track, template=template, points=points), usable) for track, usable in sound]
        mouth = np.concatenate([p.mouth[usable & p.valid] for p, usable in placed])
        rigid = np.concatenate([p.rigid[usable & p.valid] for p, usable in placed])
        axes = _pose_axes(rigid, template)
        scores = _pose_scores(rigid, template, axes)
        flat = mouth.reshape(len(mouth), -1)
        mean = flat.mean(axis=0)
        opening = features(mouth, points=points)[:, :1]  # known beside the pose, or speech would be taken for it
        known = np.concatenate([scores, opening], axis=1)
        effect = _ridge(known - known.mean(axis=0), flat - mean, _POSE_RIDGE)[:-1]
        still = (flat - scores @ effect).reshape(mouth.shape)
        return cls(points, template, axes, effect, *_speech(still, points))

    def place(self, track: FaceTrack) -> Placed:
        """Bring a track to this person's template."""
        return place(track, template=self.template, points=self.points)

    def posed(self, placed: Placed) -> Points:
        """What pose adds to the mouth points of every frame, ``(T, P, 2)``."""
        scores = _pose_scores(placed.rigid, self.template, self.pose_axes)
        return (scores @ self.pose_effect).reshape(len(placed.mouth), -1, 2)

    def still(self, placed: Placed) -> Points:
        """The mouth points of every frame as they would be at the template's pose, ``(T, P, 2)``."""
        return placed.mouth - self.posed(placed)

    def shapes(self, motion: MouthMotion, *, placed: Placed) -> Points:
        """Where the mouth points go in every frame of a track, ``(T, P, 2)`` in canonical units.

        Args:
            motion: In the basis ``visemes.BASIS`` or ``SHAPE_BASIS``; one row a frame of ``placed``.
            placed: The track the mouth is drawn into; gives the pose.

        Raises:
            InputError: The basis is unknown or the lengths differ.
        """
        if len(motion) != len(placed.mouth):
            raise InputError(f"the motion has {len(motion)} frames, the face track {len(placed.mouth)}")
        if motion.basis == SHAPE_BASIS:
            free = np.broadcast_to(self.rest, placed.mouth.shape).copy()
            lips = self.points.lips
            free[:, lips] = motion.coefficients.reshape(len(motion), lips.stop, 2)
            return free + self.posed(placed)
        if motion.basis != BASIS:
            raise InputError(f"motion in the basis {motion.basis!r} cannot be drawn; use {BASIS!r} or {SHAPE_BASIS!r}")
        wanted = self._wanted(motion.coefficients.astype(np.float64))
        shape = self._rebuilt(wanted) + self.posed(placed) + self._missed(placed)[:, None]
        opening = np.where(wanted[:, 0] < _PRESS, 2 * wanted[:, 0] - _PRESS, wanted[:, 0])
        return with_opening(shape, opening, points=self.points)

    def follow(self, track: FaceTrack, *, frame_rate: Fraction) -> MouthMotion:
        """This person's own lips in a track, as motion in ``SHAPE_BASIS``: the truth to render against."""
        lips = self.still(self.place(track))[:, self.points.lips]
        return MouthMotion(SHAPE_BASIS, lips.reshape(len(track), -1).astype(np.float32), frame_rate, track.start)

    def read(self, track: FaceTrack, *, frame_rate: Fraction) -> MouthMotion:
        """This person's speech in a track, person-free in ``visemes.BASIS``: for another person to repeat."""
        seen = features(self.still(self.place(track)), points=self.points) - self.middle
        up, down = self.high - self.middle, self.middle - self.low
        share = np.where(seen > 0, seen / np.maximum(up, 1e-6), seen / np.maximum(down, 1e-6))
        opening = np.clip((seen[:, 0] + self.middle[0] - self.low[0]) / (self.high[0] - self.low[0]), 0, 1)
        width, upper, lower, jaw = share[:, 1:].T
        values = [
            opening,
            np.clip(width, -1, 1),
            np.clip((upper + lower) / 2, 0, 1) * (width < 0),
            np.clip(-lower, 0, 1) * (opening > 0.05),
            np.clip(jaw, 0, 1),
        ]
        return MouthMotion(BASIS, np.stack(values, axis=1).astype(np.float32), frame_rate, track.start)

    def _wanted(self, coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coefficients ``(T, K)`` to features ``(T, F)`` within the person's range."""
        opening, width, protrusion, tuck, jaw = coefficients.T
        up, down = self.high - self.middle, self.middle - self.low
        wanted = np.repeat(self.middle[None], len(coefficients), axis=0)
        wanted[:, 0] = np.clip(opening, 0, 1.2) * self.high[0]
        wanted[:, 1] += np.where(width > 0, width * up[1], width * down[1])
        wanted[:, 2] += 0.6 * protrusion * up[2]
        wanted[:, 3] += 0.6 * protrusion * up[3] - tuck * down[3]
        wanted[:, 4] += jaw * up[4]
        return wanted

    def _rebuilt(self, wanted: NDArray[np.float64]) -> Points:
        """Features ``(T, F)`` to points ``(T, P, 2)``."""
        moved = (wanted - self.middle) @ self.effect
        return self.rest + moved.reshape(len(wanted), -1, 2)

    def _missed(self, placed: Placed) -> Points:
        """Shift ``(T, 2)`` between the seen upper lip and what pose and speech explain of it, smooth in time."""
        still = self.still(placed)
        rebuilt = self._rebuilt(features(still, points=self.points))
        lips = self.points.lips
        missed = (still[:, lips] - rebuilt[:, lips]).mean(axis=1)
        smooth: Points = gaussian_filter1d(missed, _ANCHOR_FRAMES, axis=0, mode="nearest")
        return np.clip(smooth, -0.1, 0.1)


def _pose_axes(rigid: Points, template: Template) -> Points:
    """Principal directions of the rigid points about the template, ``(C, 2R)``."""
    flat = (rigid - template.rigid).reshape(len(rigid), -1)
    _, _, axes = np.linalg.svd(flat[:: -(-len(flat) // 2000)], full_matrices=False)
    return np.asarray(axes[:_POSE_COMPONENTS])


def _pose_scores(rigid: Points, template: Template, axes: Points) -> Points:
    """Where the rigid points of every frame lie along the pose axes, ``(T, C)``."""
    scores: Points = (rigid - template.rigid).reshape(len(rigid), -1) @ axes.T
    return scores


def _ridge(inputs: Points, outputs: Points, penalty: float) -> Points:
    """Least squares with a penalty, ``(inputs, outputs)``."""
    gram = inputs.T @ inputs + penalty * np.eye(inputs.shape[1])
    return np.asarray(np.linalg.solve(gram, inputs.T @ outputs))


def _speech(
    still: Points, points: MouthPoints
) -> tuple[Points, Points, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Rest shape, effect of the features and their range, of pose-free points ``(T, P, 2)``."""
    seen = features(still, points=points)
    near_rest = seen[:, 0] <= np.quantile(seen[:, 0], 0.2)
    middle = np.median(seen[near_rest], axis=0)
    rest = np.median(still[near_rest], axis=0)
    prior = directions(rest, points=points)
    offset = (seen - middle) / TYPICAL_DEVIATION
    left = (still - rest).reshape(len(still), -1) - (seen - middle) @ prior
    effect = prior + _ridge(offset, left, _PRIOR_FRAMES) / TYPICAL_DEVIATION[:, None]
    rest = with_opening(rest[None], np.zeros(1), points=points)[0]
    known = min(len(still) / _KNOWN_FRAMES, 1.0)
    low, high = np.quantile(seen, 0.05, axis=0), np.quantile(seen, 0.95, axis=0)
    low = middle + known * (low - middle) - (1 - known) * TYPICAL_SPAN
    high = middle + known * (high - middle) + (1 - known) * TYPICAL_SPAN
    narrow, wide = NARROWEST * middle[1], WIDEST * middle[1]
    low[1], high[1] = min(low[1], middle[1] - narrow), max(high[1], middle[1] + wide)
    low[0], middle[0] = np.quantile(seen[:, 0], 0.02), 0.0
    own = np.quantile(seen[:, 0], 0.93)
    high[0] = max(known * own + (1 - known) * max(TYPICAL_SPAN[0], own), 0.3 * TYPICAL_SPAN[0])
    return rest, effect, low, middle, high
