"""The person's own mouths: crops of their footage at native size, enough to choose from and few enough to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.media import Frames
from avsynth.core.progress import Progress, silent
from avsynth.lipsync.base import Footage
from avsynth.lipsync.canonical import Placed, Points, apply, invert
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.selection import Traits
from avsynth.lipsync.traits import traits
from avsynth.lipsync.warp import Box, Picture
from avsynth.media.color import region_rgb
from avsynth.media.read import read_frames

MOUTHS = 450
BYTES = 256 * 2**20
RUN_FRAMES = 12  # footage is taken in runs, so that it can be played and not only jumped in
_MARGIN = 0.14  # around the lower face, in canonical units
_SEEK_FRAMES = 60  # a gap longer than this is jumped over, a shorter one is read through


@dataclass(frozen=True)
class Bank:
    """Mouths and what is known of them.

    Attributes:
        images: The crops, RGB, each ``(h, w, 3)`` uint8 of its own size.
        to_image: ``(N, 2, 3)`` from canonical units to pixels of the crop.
        mouth: ``(N, P, 2)`` mouth points in canonical units, pose included.
        rigid: ``(N, R, 2)`` rigid points likewise.
        traits: What selection compares.
    """

    images: tuple[Picture, ...]
    to_image: Points
    mouth: Points
    rigid: Points
    traits: Traits

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class _Pick:
    """The frames to take of one clip."""

    footage: Footage
    placed: Placed
    rows: NDArray[np.intp]


def collect(footage: Sequence[Footage], *, person: PersonMouth, progress: Progress = silent) -> Bank:
    """Read the footage once, a few frames at a time, and keep the mouths that say most.

    All usable frames are kept while they fit ``MOUTHS`` and ``BYTES``; of longer footage those runs of frames that
    differ most from each other in shape and pose.

    Raises:
        InputError: No frame is usable.
        MediaError: A clip cannot be read.
    """
    placed = [person.place(item.track) for item in footage]
    usable = [item.usable & p.valid for item, p in zip(footage, placed, strict=True)]
    if not any(u.any() for u in usable):
        raise InputError("the footage shows no usable face; give clips in which the person is seen from the front")
    room = _room(footage, usable)
    picks = [
        _Pick(item, p, rows)
        for item, p, rows in zip(footage, placed, _choose(placed, usable, person=person, room=room), strict=True)
    ]
    total, images, frames_left = sum(len(p.rows) for p in picks), [], []
    for pick in picks:
        for image, box in _crops(pick):
            images.append(image)
            frames_left.append((box.left, box.top))
            progress("collecting mouths", len(images), total)
    to_image = np.concatenate([invert(p.placed.to_canonical[p.rows]) for p in picks])
    to_image[:, :, 2] -= np.array(frames_left, np.float64)
    mouth = np.concatenate([p.placed.mouth[p.rows] for p in picks])
    rigid = np.concatenate([p.placed.rigid[p.rows] for p in picks])
    blur = _blur(images)
    source = np.repeat(np.arange(len(picks)), [len(p.rows) for p in picks])
    frame = np.concatenate([p.rows + p.footage.track.start for p in picks])
    known = traits(mouth, rigid, person=person)
    known = Traits(
        known.lips, known.chin, known.opening, known.pose, source.astype(np.int32), frame.astype(np.int32), blur
    )
    return Bank(tuple(images), to_image, mouth, rigid, known)


def _room(footage: Sequence[Footage], usable: Sequence[NDArray[np.bool_]]) -> int:
    """How many mouths fit."""
    scale = max(
        float(np.median(item.track.scale_px[rows])) for item, rows in zip(footage, usable, strict=True) if rows.any()
    )
    each = 3 * (1.7 * scale) * (1.5 * scale)
    return int(np.clip(BYTES / max(each, 1), 40, MOUTHS))


def _choose(
    placed: Sequence[Placed], usable: Sequence[NDArray[np.bool_]], *, person: PersonMouth, room: int
) -> list[NDArray[np.intp]]:
    """Rows of each clip to take: all, or the runs farthest from each other."""
    if sum(int(u.sum()) for u in usable) <= room:
        return [np.flatnonzero(u) for u in usable]
    owners, runs, descriptions = [], [], []
    for owner, (p, u) in enumerate(zip(placed, usable, strict=True)):
        known = traits(p.mouth, p.rigid, person=person)
        values = np.concatenate([known.lips, 2 * known.pose], axis=1)
        for rows in _runs(u):
            owners.append(owner)
            runs.append(rows)
            part = values[rows]
            peak = known.opening[rows].argmax()
            descriptions.append(np.concatenate([part.mean(axis=0), part[peak]]))
    taken = _farthest(np.array(descriptions), [len(r) for r in runs], room)
    rows_of: list[list[NDArray[np.intp]]] = [[] for _ in placed]
    for i in sorted(taken):
        rows_of[owners[i]].append(runs[i])
    return [np.concatenate(parts) if parts else np.empty(0, np.intp) for parts in rows_of]


def _runs(usable: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Consecutive usable rows in pieces of at most ``RUN_FRAMES``."""
    rows = np.flatnonzero(usable)
    pieces = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    return [piece[i : i + RUN_FRAMES] for piece in pieces for i in range(0, len(piece), RUN_FRAMES)]


def _farthest(points: NDArray[np.float64], sizes: Sequence[int], room: int) -> list[int]:
    """Indices of points, each the farthest from those before it, until their sizes fill the room."""
    at = int(np.linalg.norm(points - np.median(points, axis=0), axis=1).argmin())
    nearest = np.full(len(points), np.inf)
    taken: list[int] = []
    while len(taken) < len(points) and room > 0:
        taken.append(at)
        room -= sizes[at]
        nearest = np.minimum(nearest, np.linalg.norm(points - points[at], axis=1))
        nearest[taken] = -1
        at = int(nearest.argmax())
    return taken


def _crops(pick: _Pick) -> list[tuple[Picture, Box]]:
    """The crops of one clip, read in pieces between long gaps."""
    track, crops = pick.footage.track, []
    for rows in np.split(pick.rows, np.flatnonzero(np.diff(pick.rows) > _SEEK_FRAMES) + 1):
        if not len(rows):
            continue
        wanted = {int(row) + track.start: int(row) for row in rows}
        first, last = min(wanted), max(wanted) + 1
        for frames in read_frames(pick.footage.path, start=first, end=last):
            inside = (i for i in range(len(frames)) if frames.start + i in wanted)
            crops += [_crop(frames, i, pick.placed, wanted[frames.start + i]) for i in inside]
    if len(crops) != len(pick.rows):
        raise InputError(f"{pick.footage.path} is shorter than its face track; track it again")
    return crops


def _crop(frames: Frames, index: int, placed: Placed, row: int) -> tuple[Picture, Box]:
    """The lower face in one frame, as far as the frame shows it."""
    box = lower_face_box(placed, row, margin=_MARGIN, width=frames.width, height=frames.height)
    image = region_rgb(frames, index, left=box.left, top=box.top, width=box.width, height=box.height)
    return np.ascontiguousarray(image), box


def lower_face_box(placed: Placed, row: int, *, margin: float, width: int, height: int) -> Box:
    """Pixels of the frame around jaw and mouth, at least one, inside the picture."""
    mouth = placed.mouth[row]
    (left, _), (right, bottom) = mouth.min(axis=0) - margin, mouth.max(axis=0) + margin
    top = -0.45 - margin
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]])
    pixels = apply(invert(placed.to_canonical[row : row + 1]), corners)[0]
    x0, y0 = np.clip(np.floor(pixels.min(axis=0)).astype(int), 0, (width - 2, height - 2))
    x1, y1 = np.clip(np.ceil(pixels.max(axis=0)).astype(int) + 1, (x0 + 2, y0 + 2), (width, height))
    return Box(int(x0), int(y0), int(x1 - x0), int(y1 - y0))


def _blur(images: Sequence[Picture]) -> NDArray[np.float32]:
    """How much less sharp than the median each crop is: logarithm of the ratio of Laplacian energies, 0 if sharper."""
    energy = np.array([float(cv2.Laplacian(image[..., 1], cv2.CV_32F).var()) + 1 for image in images])
    blur: NDArray[np.float32] = np.maximum(np.log(np.median(energy) / energy), 0).astype(np.float32)
    return blur
