"""The box a face detector would draw, computed from landmarks: what networks trained on such boxes expect."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceLayout

# Boxes of WIDER FACE, on which S3FD and its like were trained, hold forehead, chin and cheeks tightly. The landmark
# sets end at the brows or have no common point above, so the upper edge is put where the eyes lie this share down.
_EYES_DOWN = 0.4


def face_boxes(landmarks_px: NDArray[np.float32], layout: FaceLayout) -> NDArray[np.float64]:
    """Upright boxes around faces: cheek to cheek, and from the forehead to the chin.

    An estimate: published crops show the eyes at about 0.4 of the box's height.

    Args:
        landmarks_px: ``(T, P, 2 or 3)``.
        layout: Which landmark is which.

    Returns:
        ``(T, 4)``: left, top, right, bottom in pixels of the frame.

    Example:
        >>> from avsynth.face.layouts import IBUG_68
        >>> face = np.zeros((1, 68, 2), np.float32)
        >>> face[0, 8] = (50, 60)  # chin; the eyes and the rest of the jaw lie at 0
        >>> face_boxes(face, IBUG_68).tolist()
        [[0.0, -40.0, 50.0, 60.0]]
    """
    points = landmarks_px[..., :2].astype(np.float64)
    jaw = points[:, list(layout.jaw)]
    eyes = points[:, list(layout.eye_corners), 1].mean(axis=1)
    bottom = jaw[..., 1].max(axis=1)
    top = eyes - (bottom - eyes) * _EYES_DOWN / (1 - _EYES_DOWN)
    return np.stack([jaw[..., 0].min(axis=1), top, jaw[..., 0].max(axis=1), bottom], axis=1)
