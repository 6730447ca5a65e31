"""What a mouth refiner sees of a drawn mouth, on the person's canonical crop, and how its change comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FacePatch
from avsynth.core.media import Frames
from avsynth.lipsync.bank import Bank
from avsynth.lipsync.canonical import MouthPoints, Points, apply, invert
from avsynth.lipsync.plan import Plan
from avsynth.lipsync.warp import Picture, draw
from avsynth.media.color import sample_rgb

SIZE = 96  # pixels of the crop's side
SIDE = 1.04  # the same in distances of the outer eye corners; the origin is the lips' middle
TOP = -0.32  # of the crop
CHANNELS = 13  # of what the network sees
_NEAR_FRAMES = 3  # a second reference is farther than this from the first in its clip
_FINE_BITS = 4  # of OpenCV's sub-pixel drawing
_EDGE = 0.06  # share of the crop's side over which a change fades at its border

Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class Sketch:
    """One drawn mouth on the canonical crop, and what it was drawn from.

    Attributes:
        drawn: ``(H, W, 3)`` uint8: the drawn mouth where the patch covers the film, else the film: the masked face.
        alpha: ``(H, W)`` uint8: how far the patch covers, 255 wholly.
        motion: ``(H, W, 3)`` uint8: the wanted lips, the wanted opening, the line of the jaw.
        references: ``(H, W, 6)`` uint8: two of the person's real mouths, as filmed, the drawn one first.
    """

    drawn: Picture
    alpha: Picture
    motion: Picture
    references: Picture

    def stack(self) -> Picture:
        """All of it, ``(H, W, CHANNELS)`` uint8, in the order above."""
        return np.concatenate((self.drawn, self.alpha[..., None], self.motion, self.references), axis=-1)


def network_planes(stack: Picture) -> NDArray[np.float32]:
    """``Sketch.stack``, ``(..., H, W, CHANNELS)``, as the network sees it: pictures in -1..1, masks in 0..1.

    Args:
        stack: One sketch, or many.

    Returns:
        ``(..., CHANNELS, H, W)`` float32.
    """
    planes = np.moveaxis(stack, -1, -3).astype(np.float32) / 255
    pictures = np.r_[0:3, 7:CHANNELS]
    planes[..., pictures, :, :] = 2 * planes[..., pictures, :, :] - 1
    return np.ascontiguousarray(planes)


def crop_to_canonical() -> Points:
    """Maps pixels of the crop to canonical units, ``(2, 3)``."""
    step = SIDE / SIZE
    return np.array([[step, 0.0, (0.5 * step) - SIDE / 2], [0.0, step, TOP + 0.5 * step]])


def crop_to_frame(plan: Plan, row: int) -> Points:
    """Maps pixels of the crop to pixels of the film's frame, ``(2, 3)``."""
    return _chained(invert(plan.placed.to_canonical[row]), crop_to_canonical())


def sketch(frames: Frames, patch: FacePatch, *, plan: Plan, bank: Bank, points: MouthPoints) -> Sketch:
    """Bring one drawn mouth to the crop.

    Args:
        frames: The chunk that holds the patch's frame.
        patch: The drawn mouth.
        plan: The stretch it was drawn for.
        bank: The person's mouths.
        points: Which landmarks the plan's shapes have.
    """
    row = patch.frame - plan.start
    to_frame = crop_to_frame(plan, row)
    face = sample_rgb(frames, patch.frame - frames.start, to_frame=to_frame, size=(SIZE, SIZE))
    to_patch = to_frame.copy()
    to_patch[:, 2] -= (patch.left, patch.top)
    image = _sampled(patch.image, to_patch)
    # The drawn mouth is not mixed with the film's own, which in training is the answer.
    alpha = _sampled(_bytes(patch.alpha), to_patch, outside=True)
    drawn = np.where((alpha > 0)[..., None], image, face)
    first = int(plan.choice.first[row])
    second = _another(plan.shapes[row], bank, first, points)
    references = [_sampled(bank.images[i], _chained(bank.to_image[i], crop_to_canonical())) for i in (first, second)]
    motion = draw_motion(plan.shapes[row], points=points)
    return Sketch(np.ascontiguousarray(drawn), alpha, motion, np.concatenate(references, axis=-1))


def truth(frames: Frames, patch: FacePatch, *, plan: Plan) -> Picture:
    """What the film itself shows on the crop, ``(H, W, 3)``: the answer, where a person is put back into their film."""
    to_frame = crop_to_frame(plan, patch.frame - plan.start)
    return sample_rgb(frames, patch.frame - frames.start, to_frame=to_frame, size=(SIZE, SIZE))


def draw_motion(shape: Points, *, points: MouthPoints) -> Picture:
    """Mouth points ``(P, 2)`` as pictures: lips, opening and jaw line, ``(H, W, 3)`` uint8."""
    pixels = (shape - (-SIDE / 2, TOP)) * (SIZE / SIDE) - 0.5
    fine = np.rint(np.clip(pixels, -SIZE, 2 * SIZE) * (1 << _FINE_BITS)).astype(np.int32)
    lips, opening, jaw = (np.zeros((SIZE, SIZE), np.uint8) for _ in range(3))
    cv2.fillPoly(lips, [fine[points.outer]], 255, cv2.LINE_AA, _FINE_BITS)
    cv2.fillPoly(opening, [fine[points.inner]], 255, cv2.LINE_AA, _FINE_BITS)
    cv2.polylines(jaw, [fine[points.jaw]], False, 255, 2, cv2.LINE_AA, _FINE_BITS)
    return np.stack([np.where(opening > 0, 0, lips).astype(np.uint8), opening, jaw], axis=-1)


def refined(patch: FacePatch, change: NDArray[np.float32], *, plan: Plan) -> FacePatch:
    """The patch with a change added; its own pixels stay, so nothing of its sharpness is lost.

    Args:
        patch: A drawn mouth.
        change: ``(H, W, 3)`` on the crop, in code values of 255.
        plan: The stretch it was drawn for.
    """
    row = patch.frame - plan.start
    to_crop = invert(crop_to_frame(plan, row))
    to_crop[:, 2] += to_crop[:, :2] @ (patch.left, patch.top)
    height, width = patch.alpha.shape
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    grown = cv2.warpAffine(change * _window()[..., None], to_crop, (width, height), flags=flags)
    image = np.clip(np.rint(patch.image + grown), 0, 255).astype(np.uint8)
    image = np.where((patch.alpha > 0)[..., None], image, patch.image)
    return FacePatch(patch.frame, image, patch.alpha, patch.left, patch.top)


def _window() -> NDArray[np.float32]:
    """1 in the crop and 0 at its border, so that no edge of it is seen."""
    inside = np.clip((np.minimum(np.arange(SIZE), np.arange(SIZE)[::-1]) + 0.5) / (_EDGE * SIZE), 0, 1)
    return np.asarray(np.minimum(inside[:, None], inside[None]), np.float32)


def _another(shape: Points, bank: Bank, first: int, points: MouthPoints) -> int:
    """The mouth nearest in its lips that is not a neighbor of the first; the first where there is no other."""
    distance = ((bank.mouth[:, points.lips] - shape[points.lips]) ** 2).sum(axis=(1, 2))
    known = bank.traits
    near = (known.source == known.source[first]) & (np.abs(known.frame - known.frame[first]) <= _NEAR_FRAMES)
    return int(np.where(near, np.inf, distance).argmin()) if not near.all() else first


def _sampled(image: Picture, to_image: Points, *, outside: bool = False) -> Picture:
    """The crop of a picture, ``to_image (2, 3)`` from pixels of the crop; beyond its border it is repeated or 0."""
    if outside:
        shrink = max(1, round(float(np.sqrt(abs(np.linalg.det(to_image[:, :2]))))))
        image = cv2.blur(image, (shrink, shrink)) if shrink > 1 else image
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(image, to_image, (SIZE, SIZE), flags=flags), np.uint8)
    across = np.arange(SIZE, dtype=np.float64)
    pixels = np.stack(np.meshgrid(across, across), axis=-1).reshape(1, -1, 2)
    at = apply(to_image[None], pixels)[0].reshape(SIZE, SIZE, 2)
    return draw(image, at.astype(np.float32))


def _bytes(alpha: NDArray[np.float32]) -> Picture:
    """Alpha in 0..255; what is above 0 stays above 0."""
    return np.asarray(np.ceil(alpha * 255), np.uint8)


def _chained(outer: Points, inner: Points) -> Points:
    """``outer`` after ``inner``, both ``(2, 3)``."""
    return np.concatenate([outer[:, :2] @ inner[:, :2], (outer[:, :2] @ inner[:, 2] + outer[:, 2])[:, None]], axis=1)
