"""Where the new mouth ends and how its light is made the film's: nothing outside the hull, no edge inside it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.lipsync.canonical import Points
from avsynth.lipsync.warp import Box, Grid, Picture

Mask = NDArray[np.float32]

FEATHER = 0.09  # of the hull's edge, in distances of the outer eye corners
_SIDE = 0.30  # how far beyond the lip corners skin is replaced before it fades
_ABOVE = 0.10  # how far above the upper lip
_FADE = 0.16
_RING = (0.02, 0.6)  # alpha of the skin whose light is compared
_LIGHT_REACH = 0.25  # how far the light's difference is spread
_ORDINARY_LIGHT = 0.15  # logarithm of a ratio of exposures that the difference on the skin makes up for
_MOST_LIT = 2.0  # times a dark mouth is lit, beyond which only noise would be
_LARGEST_CHANGE = 45.0  # of light, in code values; more is another thing, such as hair


def soft_region(grid: Grid, lips: Points) -> NDArray[np.float64]:
    """How far speech moves each node of the grid: 1 around the lips ``(n, 2)``, fading sideways and up."""
    low, high = lips.min(axis=0), lips.max(axis=0)
    x, y = grid.nodes.T
    beside = np.maximum(low[0] - x, x - high[0]) - _SIDE
    above = low[1] - y - _ABOVE
    distance = np.hypot(np.maximum(beside, 0), np.maximum(above, 0)) / _FADE
    return 1 - smoothstep(distance)


def feather(inside: NDArray[np.bool_], *, width_px: float) -> Mask:
    """Alpha that rises from exactly 0 at the mask's edge to 1 at ``width_px`` inside it."""
    padded = np.pad(inside.astype(np.uint8), 1)  # beyond the patch is outside
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    return np.asarray(smoothstep((distance - 1) / max(width_px, 1.0)), np.float32)


def smoothstep(value: NDArray[np.floating]) -> NDArray[np.float64]:
    """0 up to 0, 1 from 1, smooth between."""
    x = np.clip(value, 0, 1).astype(np.float64)
    smooth: NDArray[np.float64] = x * x * (3 - 2 * x)
    return smooth


def matched(drawn: Picture, base: Picture, *, alpha: Mask, scale_px: float) -> Picture:
    """The drawn mouth in the light of the frame it goes into.

    Where the frame is much darker or brighter, as in a fade, the mouth is dimmed or lit as a whole. What is left of the
    difference is measured on the skin where both meet and spread smoothly over the patch; detail is kept.

    Args:
        drawn: The warped mouth, ``(h, w, 3)``.
        base: The film's own pixels there.
        alpha: Of the patch.
        scale_px: Distance of the outer eye corners.
    """
    step = max(2.0, scale_px / 20)
    size = (max(2, round(alpha.shape[1] / step)), max(2, round(alpha.shape[0] / step)))
    a, b, weight = (
        cv2.resize(item, size, interpolation=cv2.INTER_AREA).astype(np.float32) for item in (drawn, base, alpha)
    )
    ring = ((weight > _RING[0]) & (weight < _RING[1])).astype(np.float32)
    if not ring.any():
        return drawn
    gain = _exposure(a[ring > 0], b[ring > 0])
    a = a * gain
    change = np.clip(b - a, -_LARGEST_CHANGE, _LARGEST_CHANGE)
    middle = np.median(change[ring > 0], axis=0)
    ring *= (np.abs(change - middle).max(axis=2) < _LARGEST_CHANGE / 2).astype(np.float32)
    sigma = _LIGHT_REACH * scale_px / step
    spread = cv2.GaussianBlur(ring, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    summed = cv2.GaussianBlur(change * ring[..., None], (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    floor = 1e-3
    smooth = (summed + floor * middle) / (spread + floor)[..., None]
    full = cv2.resize(smooth.astype(np.float32), alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(np.rint(drawn * gain + full), 0, 255), np.uint8)


def _exposure(drawn: NDArray[np.float32], base: NDArray[np.float32]) -> np.float32:
    """How much more the frame lights skin pixels ``(N, 3)``; 1 where the difference is an ordinary one."""
    ratio = (float(np.median(base.sum(axis=1))) + 1) / (float(np.median(drawn.sum(axis=1))) + 1)
    beyond = np.sign(np.log(ratio)) * max(abs(np.log(ratio)) - _ORDINARY_LIGHT, 0)
    return np.float32(np.exp(min(beyond, np.log(_MOST_LIT))))


def box_of(polygon: NDArray[np.float32], *, width: int, height: int) -> Box | None:
    """The pixels of the picture that a polygon may touch; None where it lies outside."""
    if not np.isfinite(polygon).all() or len(polygon) < 3:
        return None
    left, top = np.maximum(np.floor(polygon.min(axis=0)).astype(int), 0)
    right, bottom = np.minimum(np.ceil(polygon.max(axis=0)).astype(int) + 1, (width, height))
    if right - left < 2 or bottom - top < 2:
        return None
    return Box(int(left), int(top), int(right - left), int(bottom - top))
