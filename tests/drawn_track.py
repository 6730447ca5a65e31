"""The landmarks of `synth.draw_film`'s face, computed from its truth: a face track without a landmark engine."""

from __future__ import annotations

import numpy as np
from synth import Truth

from avsynth.core.face import FaceLayout, FaceTrack
from avsynth.face.layouts import IBUG_68

_RING = 24  # points of a lip ring, 13 along each side with both corners
_JAW = 13
_EYES = ((-0.5, 0.0), (0.5, 0.0), (-0.18, 0.0), (0.18, 0.0))
_NOSE = ((0.0, 0.1), (0.0, 0.2), (0.0, 0.3), (0.0, 0.44), (-0.13, 0.47), (0.13, 0.47))
_OUTER, _INNER = range(_RING), range(_RING, 2 * _RING)
_FIRST_JAW = 2 * _RING
_FIRST_RIGID = _FIRST_JAW + _JAW

DRAWN = FaceLayout(
    name="drawn",
    points=_FIRST_RIGID + len(_EYES) + len(_NOSE),
    outer_lip=tuple(_OUTER),
    inner_lip=tuple(_INNER),
    opening=((_RING + 6, _RING + 18),),
    corners=(0, _RING // 2),
    eye_corners=(_FIRST_RIGID, _FIRST_RIGID + 1),
    jaw=tuple(range(_FIRST_JAW, _FIRST_RIGID)),
    rigid=tuple(range(_FIRST_RIGID, _FIRST_RIGID + len(_EYES) + len(_NOSE))),
)


def lip_ring(opening: float, *, side: int, lower: int, outer: bool) -> np.ndarray:
    """A lip ring from the left corner over the upper lip: ``side`` points above with corners, ``lower`` below."""
    half = 0.25 * (1 - 0.15 * min(opening / 0.3, 1))
    x = np.linspace(-half, half, side)
    bow = np.sqrt(np.clip(1 - (x / half) ** 2, 0, 1))
    top, low = 0.78 - 0.2 * opening * bow, 0.78 + 0.8 * opening * bow
    if outer:
        top, low = top - 0.075 * bow + 0.012 * np.cos(x / half * 2 * np.pi) * bow, low + 0.1 * bow
    return np.concatenate([np.stack([x, top], 1), np.stack([x, low], 1)[-2 : -2 - lower : -1]])


def jaw_line(opening: float, *, count: int) -> np.ndarray:
    """Points of the drawn face's outline from ear to ear over the chin."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, count)
    down = np.cos(angle)
    return np.stack([0.8 * (1 - 0.22 * down**2) * np.sin(angle), 0.18 + down * (1.12 + 0.8 * opening)], 1)


def face_points(opening: float) -> np.ndarray:
    """``DRAWN`` in face units: the origin between the eyes, 1 the distance of their outer corners; ``(P, 2)``."""
    rings = [lip_ring(opening, side=13, lower=11, outer=outer) for outer in (True, False)]
    return np.concatenate([*rings, jaw_line(opening, count=_JAW), _EYES, _NOSE])


def ibug_points(opening: float) -> np.ndarray:
    """``IBUG_68`` in the same units."""
    brows = np.stack([np.linspace(-0.55, 0.55, 10), np.full(10, -0.25)], 1)
    nose = [
        (0, 0.05),
        (0, 0.18),
        (0, 0.31),
        (0, 0.44),
        (-0.13, 0.47),
        (-0.07, 0.49),
        (0, 0.5),
        (0.07, 0.49),
        (0.13, 0.47),
    ]
    eye = np.array([(-0.16, 0), (-0.05, -0.06), (0.05, -0.06), (0.16, 0), (0.05, 0.05), (-0.05, 0.05)])
    eyes = [eye + np.array([side * 0.34, 0]) for side in (-1, 1)]
    lips = [
        lip_ring(opening, side=7, lower=5, outer=True),
        lip_ring(opening, side=5, lower=3, outer=False),
    ]
    return np.concatenate([jaw_line(opening, count=17), brows, nose, *eyes, *lips])


def drawn_track(truth: Truth, *, layout: FaceLayout = DRAWN, noise_px: float = 0.0) -> FaceTrack:
    """The face of every frame of a drawn film in ``DRAWN`` or ``IBUG_68``, exact but for noise."""
    count = len(truth)
    scale = np.linalg.norm(truth.eyes_px[:, 1] - truth.eyes_px[:, 0], axis=-1)
    middle = truth.eyes_px.mean(axis=1)
    make = ibug_points if layout is IBUG_68 else face_points
    points = np.stack([make(opening) for opening in truth.openings])
    pixels = middle[:, None] + points * scale[:, None, None]
    pixels += np.random.default_rng(1).normal(size=pixels.shape) * noise_px
    marks = np.concatenate([pixels, np.zeros((*pixels.shape[:2], 1))], axis=2).astype(np.float32)
    return FaceTrack(
        0, 0, layout, marks, np.ones(count, bool), np.ones(count, np.float32), np.zeros((count, 3), np.float32)
    )
