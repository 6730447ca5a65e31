"""Patches into pictures, in the film's own planes; what no patch covers stays as it was, to the bit."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FacePatch
from avsynth.core.media import Frames, PixelFormat, pixel_format
from avsynth.media.color import rgb_to_planes

Plane = NDArray[np.uint8] | NDArray[np.uint16]


def composite(frames: Frames, patches: Iterable[FacePatch]) -> Frames:
    """Blend patches into a chunk of pictures.

    Only the patch is converted from RGB. Luma is blended with the patch's alpha. A chroma sample is blended, with the
    mean alpha of the pixels it colours, only where none of them has alpha 0: no pixel outside changes in any plane.

    Args:
        frames: The pictures; never changed.
        patches: What to put in. Those of other frames are ignored, those across the picture's edge are clipped.

    Returns:
        The same object where there was nothing to do, else new pictures.
    """
    wanted = [p for p in patches if frames.start <= p.frame < frames.start + len(frames)]
    clipped = [c for c in (_clip(p, frames.height, frames.width) for p in wanted) if c is not None]
    if not clipped:
        return frames
    layout = pixel_format(frames.pixel_format)
    planes = tuple(plane.copy() for plane in frames.planes)
    for patch in clipped:
        _blend(planes, patch, layout=layout, frames=frames)
    return Frames(planes, frames.pixel_format, frames.start, frames.pts, frames.color)


def _clip(patch: FacePatch, height: int, width: int) -> FacePatch | None:
    """The part of the patch inside the picture that changes something; None where there is none."""
    rows, columns = np.flatnonzero(patch.alpha.any(axis=1)), np.flatnonzero(patch.alpha.any(axis=0))
    if not len(rows):
        return None
    top, bottom = max(rows[0], -patch.top), min(rows[-1] + 1, height - patch.top)
    left, right = max(columns[0], -patch.left), min(columns[-1] + 1, width - patch.left)
    if top >= bottom or left >= right:
        return None
    part = np.s_[top:bottom, left:right]
    return FacePatch(patch.frame, patch.image[part], patch.alpha[part], int(patch.left + left), int(patch.top + top))


def _blend(planes: tuple[Plane, ...], patch: FacePatch, *, layout: PixelFormat, frames: Frames) -> None:
    """Write one patch into the planes, widened to whole chroma samples."""
    step_x, step_y = 1 << layout.chroma_shift[0], 1 << layout.chroma_shift[1]
    before = (patch.top % step_y, patch.left % step_x)
    rows, columns = (n + b for n, b in zip(patch.alpha.shape, before, strict=True))
    pad = ((before[0], -rows % step_y), (before[1], -columns % step_x))
    image = np.pad(patch.image, (*pad, (0, 0)), mode="edge")
    alpha = np.pad(patch.alpha, pad)
    top, left = patch.top - before[0], patch.left - before[1]
    fresh = rgb_to_planes(image, pixel_format=frames.pixel_format, color=frames.color, frame_height=frames.height)
    index = patch.frame - frames.start
    _mix(planes[0][index], fresh[0], alpha, top, left)
    if layout.planes == 1:
        return
    blocks = alpha.reshape(alpha.shape[0] // step_y, step_y, alpha.shape[1] // step_x, step_x)
    if blocks.shape[1] * blocks.shape[3] == 1:
        small = alpha
    else:
        inside = (blocks > 0).all(axis=(1, 3))
        small = np.where(inside, blocks.mean(axis=(1, 3)), 0).astype(np.float32)
    for plane, new in zip(planes[1:], fresh[1:], strict=True):
        _mix(plane[index], new, small, top // step_y, left // step_x)


def _mix(plane: Plane, new: Plane, alpha: NDArray[np.float32], top: int, left: int) -> None:
    """Blend ``new`` into a part of one plane where alpha is above 0; rounds to the nearest code value."""
    height, width = (min(n, room - at) for n, room, at in zip(new.shape, plane.shape, (top, left), strict=True))
    target = plane[top : top + height, left : left + width]
    weight = alpha[:height, :width]
    old = target.astype(np.float32)
    mixed = np.rint(old + (new[:height, :width] - old) * weight).astype(plane.dtype)
    np.copyto(target, mixed, where=weight > 0)
