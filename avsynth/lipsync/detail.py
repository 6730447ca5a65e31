"""Gives a drawn mouth back the fine detail that resampling and fading took, as far as its own footage shows it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.lipsync.canonical import Points
from avsynth.lipsync.warp import Box, Picture

_SIGMA = 0.8  # pixels: what a bicubic resampling takes is as fine
_MOST = 0.6  # of the detail, added; more would sharpen noise and coding
_AROUND = 0.15  # of the lips' width: the part of the picture whose detail is compared


def lips_box(lips_px: Points, picture: Picture) -> Box | None:
    """The part of a picture around lips ``(n, 2)``; None where little of it is inside."""
    reach = _AROUND * float(np.ptp(lips_px[:, 0]))
    height, width = picture.shape[:2]
    left, top = np.maximum(np.floor(lips_px.min(axis=0) - reach).astype(int), 0)
    right, bottom = np.minimum(np.ceil(lips_px.max(axis=0) + reach).astype(int) + 1, (width, height))
    if right - left < 4 or bottom - top < 4:
        return None
    return Box(int(left), int(top), int(right - left), int(bottom - top))


def detail(picture: Picture, box: Box) -> float:
    """Gradient energy in a part of a picture, a pixel."""
    light = _light(_part(picture, box))
    return _product(light, light)


def with_detail(drawn: Picture, *, box: Box, wanted: float) -> Picture:
    """The picture with so much of its own fine detail added that its part has the wanted gradient energy.

    What is sharp enough stays as it is; nothing is softened.

    Args:
        drawn: ``(h, w, 3)``.
        box: Where detail is compared.
        wanted: Gradient energy a pixel there, of the pictures it was drawn from.
    """
    soft = cv2.GaussianBlur(drawn, (0, 0), _SIGMA)
    light = _light(_part(drawn, box))
    fine = light - _light(_part(soft, box))
    # The energy of light + a * fine is a parabola in a.
    have, both, most = _product(light, light), _product(light, fine), _product(fine, fine)
    missing = wanted - have
    if missing <= 0 or most <= 0:
        return drawn
    amount = min((float(np.sqrt(both * both + most * missing)) - both) / most, _MOST)
    return np.asarray(cv2.addWeighted(drawn, 1 + amount, soft, -amount, 0), np.uint8)


def _part(picture: Picture, box: Box) -> Picture:
    return picture[box.top : box.top + box.height, box.left : box.left + box.width]


def _light(part: Picture) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY), np.float32)


def _product(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Mean of the scalar products of the gradients of two pictures."""
    across = np.vdot(a[:, 1:] - a[:, :-1], b[:, 1:] - b[:, :-1]) / max(a[:, 1:].size, 1)
    down = np.vdot(a[1:] - a[:-1], b[1:] - b[:-1]) / max(a[1:].size, 1)
    return float(across + down)
