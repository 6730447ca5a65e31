"""One picture of a person and everything that is known of it before it moves."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceLayout, FaceTrack
from avsynth.core.media import Frames
from avsynth.lipsync.blend import smoothstep
from avsynth.lipsync.canonical import Placed, Points, apply, invert
from avsynth.lipsync.eyelids import Eye, open_eyes
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.sway import HeadPose
from avsynth.lipsync.warp import Box, Grid, Picture, draw
from avsynth.media.color import region_rgb

STILL = 0.012  # a face whose points stay within this share of the eye corners' distance does not move
# The head as an ellipse around the eyes, in distances of the outer eye corners.
_EARS, _CROWN, _CHIN = 1.15, 1.45, 0.12  # over half the jaw's width; above the eyes; below the chin
_FADE = 1.0  # how far outside the head its movement dies away, over the ellipse's radius
_BORDER = 0.25  # and within this distance of the picture's edge
_NECK = 0.75  # the head turns about a point so far below the chin
_FULL = 0.06  # where the head moves by this share of itself, the patch hides the picture


@dataclass(frozen=True)
class Photo:
    """A face in a picture that does not move.

    Attributes:
        person: Their mouth.
        landmarks_px: ``(P, 2 or 3)`` of the face, in pixels of the frame.
        to_image: ``(2, 3)`` from canonical places to columns and rows of ``image``.
        pixel: Size of a pixel in canonical units.
        grid: The patch's pixels, which are the same in every frame, with their canonical places.
        image: ``(h, w, 3)`` the picture there.
        weight: ``(M,)`` at the grid's nodes: 1 where the head moves as a whole, 0 where nothing moves.
        depth: ``(M,)`` likewise: how far before the rim of the face a place lies.
        alpha: ``(h, w)`` of the patch.
        pivot: ``(2,)`` where the head turns about.
        placed: The face in the picture, brought to the template: one frame.
        eyes: Those that can blink.
        skin: ``(3,)`` color of the skin beside the mouth.
        seed: Chooses blinks and movements.
    """

    person: PersonMouth
    landmarks_px: NDArray[np.float32]
    to_image: Points
    pixel: float
    grid: Grid
    image: Picture
    weight: NDArray[np.float64]
    depth: NDArray[np.float64]
    alpha: NDArray[np.float32]
    pivot: NDArray[np.float64]
    placed: Placed
    eyes: tuple[Eye, ...]
    skin: NDArray[np.float32]
    seed: int

    @classmethod
    def of(cls, frames: Frames, index: int, *, face: FaceTrack) -> Photo:
        """Look at one picture.

        Args:
            frames: A chunk that holds it.
            index: Which picture of the chunk.
            face: A track of exactly this frame.
        """
        person = PersonMouth.learn([(face, np.ones(1, bool))])
        placed = person.place(face)
        to_canonical = placed.to_canonical[0]
        marks = apply(to_canonical[None], face.landmarks_px[:, :, :2].astype(np.float64))[0]
        head = _Head.of(marks, person=person)
        box = head.box(to_canonical, width=frames.width, height=frames.height)
        grid = Grid.over(box, to_canonical)
        image = region_rgb(frames, index, left=box.left, top=box.top, width=box.width, height=box.height)
        to_image = invert(to_canonical)
        to_image[:, 2] -= (box.left, box.top)
        weight = head.weight(grid.nodes) * _inside(grid, to_canonical, size=(frames.width, frames.height))
        return cls(
            person=person,
            landmarks_px=face.landmarks_px[0],
            to_image=to_image,
            pixel=float(np.sqrt(abs(np.linalg.det(to_canonical[:, :2])))),
            grid=grid,
            image=np.ascontiguousarray(image),
            weight=weight,
            depth=head.depth(grid.nodes) * weight,
            alpha=_alpha(grid, weight, size=(frames.width, frames.height)),
            pivot=head.pivot,
            placed=placed,
            eyes=open_eyes(marks, face.layout),
            skin=_skin(image, marks, to_image=to_image, layout=face.layout),
            seed=zlib.crc32(np.round(face.landmarks_px[0], 1).tobytes()),
        )

    def shows(self, landmarks_px: NDArray[np.float32], *, within: float = STILL) -> bool:
        """Whether a face ``(P, 2 or 3)`` lies where this one does, to a share of the eye corners' distance."""
        away = np.linalg.norm(landmarks_px[:, :2] - self.landmarks_px[:, :2], axis=1)
        return bool(np.quantile(away, 0.9) * self.pixel <= within)

    def looks_like(self, frames: Frames, index: int, *, within: float) -> bool:
        """Whether another picture shows the same, to a mean difference in code values."""
        box = self.grid.box
        other = region_rgb(frames, index, left=box.left, top=box.top, width=box.width, height=box.height)
        return float(cv2.absdiff(other, self.image).mean()) <= within

    def nodes(self, pose: HeadPose) -> Points:
        """Where the grid's nodes are taken from when the head has moved, ``(M, 2)`` canonical."""
        places = self.grid.nodes
        cosine, sine = np.cos(pose.turn), np.sin(pose.turn)
        arm = places - self.pivot - pose.shift
        back = arm @ np.array([[cosine, -sine], [sine, cosine]]) + self.pivot
        moved = (back - places) * self.weight[:, None] - pose.look * self.depth[:, None]
        return np.asarray(places + moved)

    def taken(self, at: NDArray[np.float32]) -> Picture:
        """The picture taken from canonical places ``(h, w, 2)``."""
        turn, shift = self.to_image[:, :2].astype(np.float32), self.to_image[:, 2].astype(np.float32)
        return draw(self.image, at @ turn.T + shift)


@dataclass(frozen=True)
class _Head:
    """An ellipse around a head, in canonical units."""

    center: NDArray[np.float64]
    across: float
    up: float
    down: float
    pivot: NDArray[np.float64]

    @classmethod
    def of(cls, marks: Points, *, person: PersonMouth) -> _Head:
        layout = person.points.layout
        jaw, eyes = marks[list(layout.jaw)], marks[list(layout.eye_corners)].mean(axis=0)
        middle, chin = float(jaw[:, 0].mean() + eyes[0]) / 2, float(jaw[:, 1].max())
        half = max(float(np.ptp(jaw[:, 0])) / 2, 0.6)
        center = np.array([middle, eyes[1]])
        return cls(center, _EARS * half, _CROWN, chin - eyes[1] + _CHIN, np.array([middle, chin + _NECK]))

    def radius(self, places: Points) -> NDArray[np.float64]:
        """0 in the middle, 1 on the rim."""
        x, y = (places - self.center).T
        found: NDArray[np.float64] = np.hypot(x / self.across, y / np.where(y < 0, self.up, self.down))
        return found

    def weight(self, places: Points) -> NDArray[np.float64]:
        return 1 - smoothstep((self.radius(places) - 1) / _FADE)

    def depth(self, places: Points) -> NDArray[np.float64]:
        bump: NDArray[np.float64] = np.clip(1 - (self.radius(places) / 1.1) ** 2, 0, 1) ** 1.5
        return bump

    def box(self, to_canonical: Points, *, width: int, height: int) -> Box:
        """Pixels of the frame in which something may move, at least two each way."""
        reach = (1 + _FADE) * np.array([[-self.across, -self.up], [self.across, self.down]])
        (left, top), (right, bottom) = self.center + reach
        corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]])
        pixels = apply(invert(to_canonical)[None], corners)[0]
        x0, y0 = np.clip(np.floor(pixels.min(axis=0)).astype(int), 0, (width - 2, height - 2))
        x1, y1 = np.clip(np.ceil(pixels.max(axis=0)).astype(int) + 1, (x0 + 2, y0 + 2), (width, height))
        return Box(int(x0), int(y0), int(x1 - x0), int(y1 - y0))


def _inside(grid: Grid, to_canonical: Points, *, size: tuple[int, int]) -> NDArray[np.float64]:
    """0 at the frame's border, where there is nothing to move in from, 1 well inside; at the nodes."""
    pixels = apply(invert(to_canonical)[None], grid.nodes[None])[0]
    border = np.minimum(pixels, np.array(size) - 1 - pixels).min(axis=1)
    return smoothstep(border * float(np.sqrt(abs(np.linalg.det(to_canonical[:, :2])))) / _BORDER)


def _alpha(grid: Grid, weight: NDArray[np.float64], *, size: tuple[int, int]) -> NDArray[np.float32]:
    """1 wherever the head moves; at the rim, where it hardly does, the patch fades out to exactly 0."""
    alpha = smoothstep(grid.grow(weight[:, None]) / _FULL)
    for axis, (first, count) in enumerate(((grid.box.top, grid.box.height), (grid.box.left, grid.box.width))):
        place = first + np.arange(count)
        border = np.minimum(place, size[1 - axis] - 1 - place) / grid.step  # nodes do not lie on the border itself
        alpha *= np.expand_dims(np.clip(border, 0, 1), 1 - axis)
    return alpha.astype(np.float32)


def _skin(image: Picture, marks: Points, *, to_image: Points, layout: FaceLayout) -> NDArray[np.float32]:
    """Color of the skin above the lips and beside their corners."""
    mouth = marks[list(layout.outer_lip)]
    left, right = marks[list(layout.corners)]
    lip = float(mouth[:, 1].min())
    beside = np.array([[left[0], lip - 0.1], [right[0], lip - 0.1], [left[0] - 0.12, lip], [right[0] + 0.12, lip]])
    return np.asarray(
        np.median([_patch_color(image, place, to_image=to_image) for place in beside], axis=0), np.float32
    )


def _patch_color(image: Picture, place: NDArray[np.float64], *, to_image: Points) -> NDArray[np.float64]:
    x, y = to_image[:, :2] @ place + to_image[:, 2]
    size = max(2, round(0.04 * float(np.sqrt(abs(np.linalg.det(to_image[:, :2]))))))
    row, column = (int(np.clip(v, size, max(n - size - 1, size))) for v, n in zip((y, x), image.shape, strict=False))
    part = image[max(row - size, 0) : row + size + 1, max(column - size, 0) : column + size + 1]
    return np.asarray(np.median(part.reshape(-1, 3), axis=0), np.float64)
