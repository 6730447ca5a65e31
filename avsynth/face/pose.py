"""How a head is turned: yaw, pitch and roll from the points that do not move with speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.face import FaceLayout

# The rigid points of a frontal head: x to the viewer's right, y down, z away from the viewer, in distances of the outer
# eye corners from their middle. Measured here: the symmetric mean of seven people's meshes, tilted so that the six of
# them who were filmed from the front look straight ahead on average.
# fmt: off
_EYE, _LID, _ALA = (0.5, 0.0, 0.0), (0.191, 0.024, -0.060), (0.197, 0.535, -0.199)
_HEAD: dict[str, tuple[tuple[float, float, float], ...]] = {
    "mediapipe-478": (
        (-0.5, 0.0, 0.0), (-0.191, 0.024, -0.060), _LID, _EYE,
        (0.0, -0.031, -0.255), (0.0, 0.061, -0.299), (0.0, 0.146, -0.353), (0.0, 0.226, -0.413), (0.0, 0.311, -0.474),
        (0.0, 0.413, -0.497), (0.0, 0.490, -0.469), (0.0, 0.560, -0.290), (-0.197, 0.535, -0.199), _ALA,
        (-0.531, 0.002, 0.013), (0.531, 0.002, 0.013), (-0.065, 0.078, -0.272), (0.065, 0.078, -0.272),
    ),
    "ibug-68": (
        (-0.5, 0.0, 0.0), (-0.191, 0.024, -0.060), _LID, _EYE,
        (0.0, -0.031, -0.255), (0.0, 0.120, -0.335), (0.0, 0.260, -0.430), (0.0, 0.413, -0.497),
        (-0.170, 0.535, -0.230), (-0.085, 0.555, -0.280), (0.0, 0.560, -0.290), (0.085, 0.555, -0.280),
        (0.170, 0.535, -0.230),
    ),
}
# fmt: on


def rigid_head(layout: FaceLayout) -> NDArray[np.float64]:
    """The rigid points of a frontal head, ``(R, 3)``: x to the viewer's right, y down, z away from the viewer.

    The unit is the distance of the outer eye corners, the origin their middle.

    Raises:
        InputError: There is no model head for the layout.
    """
    if layout.name not in _HEAD:
        raise InputError(f"no model head for layout {layout.name!r}; there are: {', '.join(_HEAD)}")
    return np.array(_HEAD[layout.name])


def head_pose(landmarks_px: NDArray[np.float32], layout: FaceLayout) -> NDArray[np.float32]:
    """Yaw, pitch and roll of every frame.

    Args:
        landmarks_px: ``(T, P, 3)``; where all depths are 0 the pose is fitted to x and y alone.
        layout: Which landmark is which.

    Returns:
        ``(T, 3)`` degrees. Yaw is positive when the nose points to the viewer's right, pitch when it points up, roll
        when the head is turned clockwise in the picture.

    Raises:
        InputError: There is no model head for the layout.

    Source:
        With depth, the least-squares rotation of Umeyama (1991); without, the scaled orthographic fit of DeMenthon and
        Davis (1995).
    """
    model = rigid_head(layout)
    model -= model.mean(axis=0)
    points = landmarks_px[:, list(layout.rigid)].astype(np.float64)
    points -= points.mean(axis=1, keepdims=True)
    fit = _rotation_from_depth if np.any(points[..., 2]) else _rotation_from_plane
    turns = np.stack([fit(model, face) for face in points])
    yaw = np.arctan2(-turns[:, 0, 2], turns[:, 2, 2])
    pitch = np.arcsin(np.clip(turns[:, 1, 2], -1, 1))
    roll = np.arctan2(turns[:, 1, 0], turns[:, 1, 1])
    pose: NDArray[np.float32] = np.degrees(np.stack([yaw, pitch, roll], axis=1)).astype(np.float32)
    return pose


def _rotation_from_depth(model: NDArray[np.float64], face: NDArray[np.float64]) -> NDArray[np.float64]:
    return _nearest_rotation(face.T @ model)


def _rotation_from_plane(model: NDArray[np.float64], face: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = np.linalg.lstsq(model, face[:, :2], rcond=None)[0].T
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-12
    return _nearest_rotation(np.vstack([rows, np.cross(rows[0], rows[1])]))


def _nearest_rotation(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    left, _, right = np.linalg.svd(matrix)
    flip = np.diag([1.0, 1.0, float(np.sign(np.linalg.det(left @ right)) or 1)])
    turn: NDArray[np.float64] = left @ flip @ right
    return turn
