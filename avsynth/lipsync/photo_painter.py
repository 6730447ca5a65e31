"""Draws one moment of a talking photo: head, mouth and lids."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FacePatch
from avsynth.lipsync.blend import smoothstep
from avsynth.lipsync.canonical import Points
from avsynth.lipsync.eyelids import close_lids
from avsynth.lipsync.interior import Opening, interior_color
from avsynth.lipsync.lips import features
from avsynth.lipsync.parting import Parting
from avsynth.lipsync.photo import Photo
from avsynth.lipsync.sway import HeadPose
from avsynth.lipsync.warp import Picture

_SHOWS_TEETH = 0.03  # an opening below shows none
_WIDE = 0.16  # a wide opening
_BESIDE, _ABOVE, _BELOW = 0.55, 0.42, 0.42  # how far around lips and jaw speech moves anything
_EDGE = 0.12  # within this of which it fades to nothing
_SEAM = 0.006  # half the height of the shade between lips that the picture shows parted
_MARGIN = 0.05  # around the opening, in which its edges are soft
_SEAM_SHADE = 0.30
_IN_LIPS = 0.004  # so near the lower lip of the picture, what is between them is lip
_FIRM = 0.55  # share of an open picture's opening that keeps its size: the teeth
_DARKER = 0.65  # than the teeth is the cavity, by this factor at least

Window = tuple[slice, slice]


@dataclass(frozen=True)
class PhotoPainter:
    """Draws a photo in motion; remembers nothing of earlier frames."""

    photo: Photo

    @cached_property
    def shown(self) -> float:
        """How far the mouth is open in the picture."""
        return float(features(self.photo.placed.mouth, points=self.photo.person.points)[0, 0])

    def emphasis(self, shape: Points) -> float:
        """How wide a mouth is open, 0..1."""
        return float(np.clip(features(shape[None], points=self.photo.person.points)[0, 0] / _WIDE, 0, 1))

    def paint(self, frame: int, *, shape: Points, pose: HeadPose, closed: float, level: float) -> FacePatch:
        """Draw one frame.

        Args:
            frame: Its index in the film.
            shape: ``(P, 2)`` mouth points wanted, in canonical units.
            pose: Of the head.
            closed: How far the lids are closed.
            level: 0 leaves the picture's own mouth, 1 draws the wanted one.
        """
        photo = self.photo
        nodes = photo.nodes(pose)
        at = photo.grid.grow(nodes)
        image = photo.taken(at)
        source = photo.placed.mouth[0]
        parting = Parting.fit(
            source, source + (shape - source) * level, still=photo.placed.rigid[0], points=photo.person.points
        )
        self._speak(image, at, parting)
        for eye in photo.eyes if closed > 0 else ():
            window = _window(at, eye.bounds)
            if window is not None:
                lid, below, seen = close_lids(at[window], eye=eye, closed=closed, pixel=photo.pixel)
                skin, ball = photo.taken(lid), photo.taken(below)
                image[window] = _blend(ball, skin, seen)
        return FacePatch(frame, image, photo.alpha, photo.grid.box.left, photo.grid.box.top)

    def _speak(self, image: Picture, at: NDArray[np.float32], parting: Parting) -> None:
        """Put the mouth into a picture whose pixels show the canonical places ``at``."""
        bounds = self._reach()
        window = _window(at, bounds)
        if window is None:
            return
        here = at[window]
        upper, lower, below = parting.moved(here, step=self.photo.grid.step, pixel=self.photo.pixel)
        fading = _fading(here, bounds)[..., None]
        drawn = _blend(self.photo.taken(here + upper * fading), self.photo.taken(here + lower * fading), below)
        image[window] = self._filled(drawn, here, parting)

    def _reach(self) -> tuple[float, float, float, float]:
        points, mouth = self.photo.person.points, self.photo.placed.mouth[0]
        (left, _), (right, bottom) = mouth.min(axis=0), mouth.max(axis=0)
        top = float(mouth[points.lips, 1].min())
        return float(left) - _BESIDE, top - _ABOVE, float(right) + _BESIDE, float(bottom) + _BELOW

    def _filled(self, drawn: Picture, at: NDArray[np.float32], parting: Parting) -> Picture:
        """With what lies between the lips: the picture's own teeth where it shows any, else drawn ones."""
        rings = np.concatenate([parting.inner, parting.source[parting.points.inner]])
        (left, top), (right, bottom) = rings.min(axis=0) - _MARGIN, rings.max(axis=0) + _MARGIN
        window = _window(at, (float(left), float(top), float(right), float(bottom)))
        if window is None:
            return drawn
        here, out = at[window], drawn[window].astype(np.float32)
        opening = Opening.of(here, parting.inner, unit=1.0)
        own = self.shown > _SHOWS_TEETH
        if own:
            seam = np.exp(-(((opening.below - opening.gap / 2) / _SEAM) ** 2)) * (1 - opening.side**2)
            sealed = 1 - float(smoothstep(np.array(opening.widest / (2 * _SEAM))))
            out *= (1 - _SEAM_SHADE * sealed * seam)[..., None]
        if opening.widest > opening.pixel:
            color = interior_color(opening, skin=self.photo.skin, teeth=not own, cavity=self._behind.dark)
            if own:
                color = self._own_interior(color, here, parting, opening)
            out += (color - out) * opening.mask()[..., None]
        drawn[window] = np.clip(np.rint(out), 0, 255)
        return drawn

    def _own_interior(
        self, color: NDArray[np.float32], at: NDArray[np.float32], parting: Parting, opening: Opening
    ) -> NDArray[np.float32]:
        """What the picture shows between its lips.

        The skull holds it: it goes up only where the upper lip would cut it. Below its teeth, a picture that shows
        the dark behind them is drawn out to the lower lip; one that shows teeth alone is gone on with drawn things.
        """
        before = Opening.of(at, parting.source[parting.points.inner], unit=1.0)
        depth = np.maximum(opening.below, before.below)
        taken = depth
        if self._behind.floor:
            firm = _FIRM * before.gap
            far = np.maximum(opening.gap + depth - opening.below, before.gap)  # where the lower lip is
            share = np.clip((depth - firm) / np.maximum(far - firm, 1e-6), 0, 1)
            taken = np.where(depth > firm, firm + share * (before.gap - firm), depth)
        place = at.copy()
        place[..., 1] += taken - before.below
        soft = max(0.012, 1.2 * opening.pixel)
        inside = np.clip((before.gap - _IN_LIPS - taken) / soft + 0.5, 0, 1)
        inside *= np.clip((0.99 - before.side) / 0.06, 0, 1)
        return np.asarray(color + (self.photo.taken(place) - color) * inside[..., None], np.float32)

    @cached_property
    def _behind(self) -> _Behind:
        return _Behind.of(self.photo) if self.shown > _SHOWS_TEETH else _Behind()


@dataclass(frozen=True)
class _Behind:
    """What a picture shows behind its lips.

    Attributes:
        dark: ``(3,)`` color of the cavity; None where it shows none.
        floor: Whether the teeth end above the lower lip.
    """

    dark: NDArray[np.float32] | None = None
    floor: bool = False

    @classmethod
    def of(cls, photo: Photo) -> _Behind:
        ring = photo.placed.mouth[0, photo.person.points.inner]
        count = len(ring)
        top, low = ring[1 : count // 2], ring[: count // 2 : -1]
        rows = [
            photo.taken((top + (low - top) * share)[None].astype(np.float32))[0] for share in np.linspace(0.15, 0.85, 8)
        ]
        seen = np.stack(rows).astype(np.float32)[:, len(top) // 4 : -(len(top) // 4) or None]
        level = seen.mean(axis=2)
        lowest, teeth = level[-2:].mean(), level.max(axis=0).mean()
        floor = bool(lowest < _DARKER * teeth)
        flat = seen.reshape(-1, 3)
        darkest = flat[np.argsort(flat.mean(axis=1))[: max(len(flat) // 8, 1)]].mean(axis=0)
        dark = darkest if darkest.mean() < _DARKER * photo.skin.mean() else None
        return cls(dark, floor)


def _window(at: NDArray[np.float32], bounds: tuple[float, float, float, float]) -> Window | None:
    left, top, right, bottom = bounds
    inside = (at[..., 0] >= left) & (at[..., 0] <= right) & (at[..., 1] >= top) & (at[..., 1] <= bottom)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if len(rows) < 2 or len(columns) < 2:
        return None
    return np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fading(at: NDArray[np.float32], bounds: tuple[float, float, float, float]) -> NDArray[np.float32]:
    left, top, right, bottom = bounds
    x, y = at[..., 0], at[..., 1]
    inside = np.minimum(np.minimum(x - left, right - x), np.minimum(y - top, bottom - y))
    return smoothstep(inside / _EDGE).astype(np.float32)


def _blend(under: Picture, over: Picture, seen: NDArray[np.float32]) -> Picture:
    mixed = under + (over.astype(np.float32) - under) * seen[..., None]
    return np.asarray(np.rint(mixed), np.uint8)
