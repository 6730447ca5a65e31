"""Closes the eyes of a picture: the upper lid's own skin is drawn down over the eye, the lower lid comes up a bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceLayout
from avsynth.lipsync.blend import smoothstep
from avsynth.lipsync.canonical import Points

# Of each eye the upper lid, the lower lid, both with the corners, and the lower edge of the brow.
_EYES: dict[str, tuple[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]], ...]] = {
    "mediapipe-478": (
        (
            (33, 246, 161, 160, 159, 158, 157, 173, 133),
            (33, 7, 163, 144, 145, 153, 154, 155, 133),
            (46, 53, 52, 65, 55),
        ),
        (
            (362, 398, 384, 385, 386, 387, 388, 466, 263),
            (362, 382, 381, 380, 374, 373, 390, 249, 263),
            (285, 295, 282, 283, 276),
        ),
    ),
    "ibug-68": (
        ((36, 37, 38, 39), (36, 41, 40, 39), (17, 18, 19, 20, 21)),
        ((42, 43, 44, 45), (42, 47, 46, 45), (22, 23, 24, 25, 26)),
    ),
}
OPEN = 0.14  # height over width of an eye; one below is shut already, or nearly
_MEETS = 0.97  # the upper lid goes down as far as this share of the opening
_RISES = 0.14  # and the lower one comes up by this
_LID, _MOST_LID = 0.06, 0.24  # least and most skin above the eye that is stretched, in eye distances
_BROW = 0.035  # which ends this far below the brow's edge
_FADE_BELOW = 0.14
_LASHES = 0.012  # the lashes of the upper lid hang below its edge by this


@dataclass(frozen=True)
class Eye:
    """One open eye of a picture, in units of the distance of the outer eye corners.

    Attributes:
        upper: ``(n, 2)`` edge of the upper lid, from left to right with both corners.
        lower: ``(n, 2)`` edge of the lower lid likewise.
        brow: ``(m, 2)`` lower edge of the brow.
    """

    upper: Points
    lower: Points
    brow: Points

    @property
    def aspect(self) -> float:
        """Height over width: about 0.3 open, 0.1 shut."""
        x = np.linspace(self.upper[0, 0], self.upper[-1, 0], 9)[2:-2]
        height = np.interp(x, *self.lower.T) - np.interp(x, *self.upper.T)
        return float(height.mean() / max(np.linalg.norm(self.upper[-1] - self.upper[0]), 1e-6))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what a blink moves."""
        both = np.concatenate([self.upper, self.lower])
        (left, top), (right, bottom) = both.min(axis=0), both.max(axis=0)
        return float(left), float(top) - _MOST_LID, float(right), float(bottom) + _FADE_BELOW


def open_eyes(points: Points, layout: FaceLayout) -> tuple[Eye, ...]:
    """The eyes of a face ``(P, 2)``, in canonical units, that are open enough to blink.

    Either both or none: one eye that blinks alone winks. A layout without lids has none.
    """
    eyes = []
    for upper, lower, brow in _EYES.get(layout.name, ()):
        parts = [points[list(part)] for part in (upper, lower, brow)]
        eyes.append(Eye(*(part[np.argsort(part[:, 0], kind="stable")] for part in parts)))
    return tuple(eyes) if all(eye.aspect >= OPEN for eye in eyes) else ()


def close_lids(
    at: NDArray[np.float32], *, eye: Eye, closed: float, pixel: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Say where each pixel around an eye is taken from.

    Args:
        at: ``(h, w, 2)`` canonical place of every pixel.
        eye: The eye.
        closed: 0 leaves it, 1 shuts it.
        pixel: Size of a pixel in canonical units.

    Returns:
        Where the lids' skin is taken from, ``(h, w, 2)``, where the eye below is, likewise, and how much of the first
        is seen, ``(h, w)``.
    """
    x, y = at[..., 0], at[..., 1]
    top, low, brow = (np.interp(x, *part.T) for part in (eye.upper, eye.lower, eye.brow))
    gap = np.maximum(low - top, 0)
    down, up = closed * _MEETS * gap, closed * _RISES * gap
    edge = top + down
    crease = np.clip(brow + _BROW, top - _MOST_LID, top - _LID)
    room = np.maximum(edge - crease, 1e-6)
    share = np.clip((y - crease) / room, 0, 1)
    # Near its edge the lid slides as it is, with its lashes; the skin above is what stretches.
    firm = np.clip(room / np.maximum(down, 1e-6) - 1, 0, 1)
    slide = share + firm * (smoothstep(share) - share)
    lid, below = at.copy(), at.copy()
    lid[..., 1] = y - down * slide
    fade = 1 - smoothstep((y - (low - up)) / _FADE_BELOW)
    below[..., 1] = y + up * fade
    soft = max(0.006, 1.2 * pixel)
    hang = np.minimum(_LASHES, 0.5 * down)
    seen = np.clip((edge + hang - y) / soft + 0.5, 0, 1)
    return lid, below, seen.astype(np.float32)
