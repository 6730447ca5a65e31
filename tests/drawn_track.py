"""The landmarks of `synth.draw_film`'s face, computed from its truth: a face track without a landmark engine."""

from __future__ import annotations

import numpy as np
from synth import Truth

from avsynth.core.face import FaceLayout, FaceTrack

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


def face_points(opening: float) -> np.ndarray:
    """The points in face units: the origin between the eyes, 1 the distance of their outer corners; ``(P, 2)``."""
    half = 0.25 * (1 - 0.15 * min(opening / 0.3, 1))
    x = np.linspace(-half, half, 13)
    bow = np.sqrt(np.clip(1 - (x / half) ** 2, 0, 1))
    inner_top, inner_low = 0.78 - 0.2 * opening * bow, 0.78 + 0.8 * opening * bow
    outer_top = inner_top - 0.075 * bow + 0.012 * np.cos(x / half * 2 * np.pi) * bow
    outer_low = inner_low + 0.1 * bow
    rings = [
        np.concatenate([np.stack([x, top], 1), np.stack([x, low], 1)[-2:0:-1]])
        for top, low in ((outer_top, outer_low), (inner_top, inner_low))
    ]
    angle = np.linspace(-np.pi / 2, np.pi / 2, _JAW)
    down = np.cos(angle)
    jaw = np.stack([0.8 * (1 - 0.22 * down**2) * np.sin(angle), 0.18 + down * (1.12 + 0.8 * opening)], 1)
    return np.concatenate([*rings, jaw, _EYES, _NOSE])


def drawn_track(truth: Truth, *, noise_px: float = 0.0) -> FaceTrack:
    """The face of every frame of a drawn film, exact but for noise."""
    count = len(truth)
    scale = np.linalg.norm(truth.eyes_px[:, 1] - truth.eyes_px[:, 0], axis=-1)
    middle = truth.eyes_px.mean(axis=1)
    points = np.stack([face_points(opening) for opening in truth.openings])
    pixels = middle[:, None] + points * scale[:, None, None]
    pixels += np.random.default_rng(1).normal(size=pixels.shape) * noise_px
    marks = np.concatenate([pixels, np.zeros((*pixels.shape[:2], 1))], axis=2).astype(np.float32)
    return FaceTrack(
        0, 0, DRAWN, marks, np.ones(count, bool), np.ones(count, np.float32), np.zeros((count, 3), np.float32)
    )
