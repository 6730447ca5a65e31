"""What lies behind the lips where no footage shows it: a dark cavity and the edge of the upper teeth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.lipsync.warp import Picture

_CAVITY = np.array([0.34, 0.18, 0.17], np.float32)  # of the skin's brightness: red light comes back, others less
_TEETH = np.array([0.98, 0.93, 0.86], np.float32)
_TEETH_SHARE = 0.36  # of the opening's height
_TEETH_HEIGHT = 0.05  # at most, in distances of the outer eye corners
_LEAST_PIXELS = 1.0


@dataclass(frozen=True)
class Interior:
    """What is to be drawn between the lips.

    Attributes:
        inner: ``(n, 2)`` inner-lip ring in pixels of the image, from the left corner over the upper lip.
        brightness: Of the skin around, 0..255.
        scale_px: Distance of the outer eye corners.
        amount: 0 leaves the image, 1 hides what it shows there.
        band: From where to where it is drawn: 0 at the upper lip, 1 at the lower.
        teeth: Whether the edge of the upper teeth is drawn.
    """

    inner: NDArray[np.float64]
    brightness: float
    scale_px: float
    amount: float
    band: tuple[float, float] = (0.0, 1.0)
    teeth: bool = True


def draw_interior(image: Picture, interior: Interior) -> Picture:
    """Fill the opening of a mouth ``(h, w, 3)`` whose lips are already parted; returns a new image."""
    inner, scale_px = interior.inner, interior.scale_px
    count = len(inner)
    upper = inner[: count // 2 + 1]
    lower = np.concatenate([inner[:1], inner[count // 2 :][::-1]])
    columns = np.arange(image.shape[1])
    order_up, order_low = np.argsort(upper[:, 0]), np.argsort(lower[:, 0])
    top = np.interp(columns, upper[order_up, 0], upper[order_up, 1])
    bottom = np.interp(columns, lower[order_low, 0], lower[order_low, 1])
    left, right = inner[:, 0].min(), inner[:, 0].max()
    gap = np.where((columns > left) & (columns < right), np.maximum(bottom - top, 0), 0)
    if gap.max() < _LEAST_PIXELS:
        return image
    rows = np.arange(image.shape[0])[:, None]
    depth = np.clip((rows - top) / np.maximum(gap, 1e-6), 0, 1)
    color = interior.brightness * _CAVITY * (0.75 + 0.5 * depth[..., None])  # the tongue below catches more light
    height = np.minimum(_TEETH_SHARE * gap, _TEETH_HEIGHT * scale_px)
    teeth = np.clip((top + height - rows) / max(0.012 * scale_px, 0.7) + 0.5, 0, 1)
    across = np.clip((columns - left) / max(right - left, 1e-6) * 2 - 1, -1, 1)
    teeth = teeth * np.clip((1 - np.abs(across)) * 4, 0, 1) * np.clip(gap.max() / (0.05 * scale_px) - 0.5, 0, 1)
    shade = np.clip(0.6 + (rows - top) / max(0.05 * scale_px, 1), 0, 0.95)  # the upper lip's shadow
    teeth = teeth * interior.teeth
    color = color + (interior.brightness * _TEETH * shade[..., None] - color) * teeth[..., None]
    edge = max(0.008 * scale_px, 0.6)
    first, last = (top + share * gap for share in interior.band)
    mask = np.clip((rows - first) / edge + 0.5, 0, 1) * np.clip((last - rows) / edge + 0.5, 0, 1) * (gap > 0)
    mask = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), edge) * interior.amount
    mixed = image + (color - image) * mask[..., None]
    return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)
