"""One frame's mouth: bend a real one to the wanted shape, put it in the film's light, fade it out inside the hull."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FacePatch
from avsynth.core.media import Frames
from avsynth.face.hull import hull_mask, lower_face_hull
from avsynth.lipsync.bank import Bank
from avsynth.lipsync.blend import FEATHER, box_of, feather, matched, soft_region
from avsynth.lipsync.canonical import Points, apply, invert
from avsynth.lipsync.detail import detail, lips_box, with_detail
from avsynth.lipsync.interior import Interior, draw_interior
from avsynth.lipsync.lips import features, is_lower, is_upper
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.plan import Plan
from avsynth.lipsync.warp import Bend, Grid, Picture, draw
from avsynth.media.color import region_rgb

# How far each kind of knot may miss, as the spline's smoothing: lips must fit, the rest follows.
_LIP_STIFFNESS, _JAW_STIFFNESS, _RIGID_STIFFNESS = 3e-4, 1e-3, 3e-3
_MANY_POINTS = 16  # rings with as many points are thinned by two
_SEAL = 0.006  # a mouth this much more open than wanted, and twice as open, is closed lip by lip
_STRETCH = 1.35  # one this much less open is not stretched at its teeth, which keep their size
_TEETH, _FLOOR = 0.5, 0.2  # shares of its opening that keep their size: the upper teeth's and the lower lip's side
_SHOWS_TEETH = 0.06  # an opening below shows too little of them to be pulled long
_PART = 0.03  # one this much less open, and half as open, gets a drawn interior


@dataclass(frozen=True)
class Painter:
    """Draws what a plan decided.

    Attributes:
        person: The person's mouth.
        bank: Their mouths.
    """

    person: PersonMouth
    bank: Bank

    def paint(self, frames: Frames, plan: Plan) -> list[FacePatch]:
        """The patches of those frames of the chunk that the plan covers and changes."""
        rows = range(max(frames.start, plan.start), min(frames.start + len(frames), plan.start + len(plan.opacity)))
        patches = (self._patch(frames, plan, frame) for frame in rows if plan.opacity[frame - plan.start] > 0)
        return [patch for patch in patches if patch is not None]

    def _patch(self, frames: Frames, plan: Plan, frame: int) -> FacePatch | None:
        row = frame - plan.start
        polygon = lower_face_hull(plan.track.landmarks_px[row], plan.track.layout)
        box = box_of(polygon, width=frames.width, height=frames.height)
        if box is None:
            return None
        place = {"left": box.left, "top": box.top, "width": box.width, "height": box.height}
        grid = Grid.over(box, plan.placed.to_canonical[row])
        scale = float(1 / np.sqrt(abs(np.linalg.det(plan.placed.to_canonical[row][:, :2]))))
        lips = plan.shapes[row, self.person.points.lips]
        alpha = feather(hull_mask(polygon, **place), width_px=FEATHER * scale) * grid.grow(soft_region(grid, lips))
        if not alpha.any():
            return None
        drawn = self._mouth(plan, row, grid, scale)
        base = region_rgb(frames, frame - frames.start, **place)
        image = matched(drawn, base, alpha=alpha, scale_px=scale)
        return FacePatch(frame, image, alpha * plan.opacity[row], box.left, box.top)

    def _mouth(self, plan: Plan, row: int, grid: Grid, scale: float) -> Picture:
        """The chosen mouth, or two of them faded, in the pixels of the grid's box."""
        first, second, weight = (item[row] for item in (plan.choice.first, plan.choice.second, plan.choice.weight))
        drawn = self._bent(plan, row, grid, int(first))
        if weight > 0 and first != second:
            other = self._bent(plan, row, grid, int(second))
            drawn = np.rint(drawn + (other.astype(np.float32) - drawn) * weight).astype(np.uint8)
        else:
            weight = 0.0
        shares = ((int(first), 1 - weight), (int(second), weight))
        drawn = self._as_sharp(drawn, plan, row, grid, [item for item in shares if item[1] > 0])
        return self._filled(drawn, plan, row, grid, int(first), scale)

    def _as_sharp(
        self, drawn: Picture, plan: Plan, row: int, grid: Grid, mouths: Sequence[tuple[int, float]]
    ) -> Picture:
        """With as much detail around the lips as the mouths have that it was drawn from, by their shares."""
        lips = self.person.points.lips
        box = lips_box(self._pixels(plan.shapes[row, lips], plan, row) - (grid.box.left, grid.box.top), drawn)
        if box is None:
            return drawn
        wanted = 0.0
        for index, share in mouths:
            image, to_image = self.bank.images[index], self.bank.to_image[index]
            there = lips_box(apply(to_image[None], self.bank.mouth[index][None, lips])[0], image)
            if there is None:
                return drawn
            wanted += share * detail(image, there) * there.area / box.area  # drawn larger, a slope is gentler
        return with_detail(drawn, box=box, wanted=wanted)

    def _bent(self, plan: Plan, row: int, grid: Grid, index: int) -> Picture:
        """One mouth of the bank, bent to the plan's shape."""
        target, source = plan.shapes[row], self.bank.mouth[index]
        rigid = plan.placed.rigid[row], self.bank.rigid[index]
        wanted, shown = features(np.stack([target, source]), points=self.person.points)[:, 0]
        image, to_image = self.bank.images[index], self.bank.to_image[index]

        knots, pair = self._knots(), np.empty((2, 0, 2))
        if shown > _SHOWS_TEETH and self._stretched(wanted, shown) > 0:
            pair = self._between_lips(target, source)

        def mapped(knots: NDArray[np.bool_]) -> NDArray[np.float32]:
            to, taken = (np.concatenate(part) for part in zip((target[knots], source[knots]), rigid, pair, strict=True))
            soft = np.full(len(rigid[0]), _RIGID_STIFFNESS), np.full(len(pair[0]), _LIP_STIFFNESS)
            bend = Bend.fit(to, taken, np.concatenate([self._stiffness()[knots], *soft]))
            return grid.grow(apply(to_image[None], bend(grid.nodes)[None])[0])

        if shown - wanted > _SEAL and shown > 2 * wanted:
            above, below = (mapped(knots & ~side) for side in self._sides())
            return draw(image, np.where(self._below_lip_line(target, grid)[..., None], below, above))
        return draw(image, mapped(knots))

    def _filled(self, drawn: Picture, plan: Plan, row: int, grid: Grid, index: int, scale: float) -> Picture:
        """With a drawn interior, as far as the bank's mouth was too closed to show one."""
        points = self.person.points
        wanted, shown = features(np.stack([plan.shapes[row], self.bank.mouth[index]]), points=points)[:, 0]
        band, teeth = (0.0, 1.0), shown <= _SHOWS_TEETH
        if teeth:
            amount = float(np.clip((wanted - 2 * max(shown, 0)) / _PART, 0, 1))
        else:
            amount = self._stretched(wanted, shown)
            band = (_TEETH * shown / max(wanted, shown), 1 - _FLOOR * shown / max(wanted, shown))
        if amount <= 0:
            return drawn
        inner = self._pixels(plan.shapes[row, points.inner], plan, row) - (grid.box.left, grid.box.top)
        brightness = float(np.percentile(drawn, 60))
        return draw_interior(drawn, Interior(inner, brightness, scale, amount, band, teeth=teeth))

    @staticmethod
    def _stretched(wanted: float, shown: float) -> float:
        """How far teeth would be pulled long, 0 to 1: a little stretch is not seen, and dark gaps in it would be."""
        share = np.clip((wanted / shown - _STRETCH) / 0.15, 0, 1)
        return float(share * np.clip((wanted - shown) / _PART - 1.3, 0, 1))

    def _between_lips(self, target: Points, source: Points) -> NDArray[np.float64]:
        """Knots in the opening that keep teeth and tongue at their size: of target and source, ``(2, Q, 2)``."""
        ring = self.person.points.inner
        count = ring.stop - ring.start
        top = count // 4 + np.array([-1, 0, 1]) * (count // 8)
        up, low = ring.start + top, ring.start + (count - top)
        height = source[low] - source[up]
        ends = [
            np.concatenate([shape[up] + _TEETH * height, shape[low] - _FLOOR * height]) for shape in (target, source)
        ]
        return np.stack(ends)

    @staticmethod
    def _pixels(shape: Points, plan: Plan, row: int) -> Points:
        """Canonical points in pixels of the frame."""
        pixels: Points = apply(invert(plan.placed.to_canonical[row : row + 1]), shape[None])[0]
        return pixels

    def _below_lip_line(self, target: Points, grid: Grid) -> NDArray[np.bool_]:
        """Which pixels of the box lie below the middle between the inner lips."""
        inner = target[self.person.points.inner]
        count = len(inner)
        top = np.arange(1, count // 2)
        line = np.concatenate([inner[:1], (inner[top] + inner[count - top]) / 2, inner[count // 2 : count // 2 + 1]])
        line = line[np.argsort(line[:, 0])]
        height = grid.nodes[:, 1] - np.interp(grid.nodes[:, 0], line[:, 0], line[:, 1])
        return grid.grow(height[:, None]) > 0

    def _stiffness(self) -> NDArray[np.float64]:
        points = self.person.points
        stiffness = np.full(len(points.indices), _LIP_STIFFNESS)
        stiffness[points.jaw] = _JAW_STIFFNESS
        return stiffness

    def _knots(self) -> NDArray[np.bool_]:
        """Which mouth points hold the spline: of dense rings every other one."""
        points = self.person.points
        knots = np.ones(len(points.indices), bool)
        for ring in (points.outer, points.inner):
            if ring.stop - ring.start >= _MANY_POINTS:
                knots[ring.start + 1 : ring.stop : 2] = False
        return knots

    def _sides(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Points of the lower lip, which the upper half must not follow, and those of the upper lip."""
        points = self.person.points
        lower, upper = (np.zeros(len(points.indices), bool) for _ in range(2))
        for ring in (points.outer, points.inner):
            lower[ring] = is_lower(ring.stop - ring.start)
            upper[ring] = is_upper(ring.stop - ring.start)
        return lower, upper
