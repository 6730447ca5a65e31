"""The part of a face that may change: from under the nose and the cheekbones down to just inside the jaw line."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceLayout

# From the viewer's left cheekbone, under the nose, to the right cheekbone.
_UPPER_EDGE: dict[str, tuple[int, ...]] = {"mediapipe-478": (50, 98, 2, 327, 280), "ibug-68": (31, 33, 35)}
_INSIDE_JAW = 0.04  # of the eye corners' distance: the engine's jitter on the jaw, and the soft edge of skin
_SUBPIXEL_BITS = 4


def lower_face_hull(landmarks_px: NDArray[np.float32], layout: FaceLayout) -> NDArray[np.float32]:
    """The outline of what may change.

    Args:
        landmarks_px: ``(P, 2 or 3)`` of one frame.
        layout: Which landmark is which. One that is not known here has its upper edge at its lowest rigid point,
            which is the base of the nose.

    Returns:
        ``(N, 2)`` float32: a closed polygon in pixels of the frame.
    """
    points = landmarks_px[:, :2].astype(np.float64)
    middle = points[list(layout.outer_lip)].mean(axis=0)
    scale = float(np.linalg.norm(points[layout.eye_corners[1]] - points[layout.eye_corners[0]]))
    jaw = points[list(layout.jaw[1:-1])]  # the first and the last lie at the ears
    inward = middle - jaw
    distance = np.linalg.norm(inward, axis=1, keepdims=True)
    jaw = jaw + inward * np.minimum(_INSIDE_JAW * scale / np.maximum(distance, 1e-6), 1)
    outline: NDArray[np.float32] = np.vstack([points[_upper_edge(points, layout)], jaw[::-1]]).astype(np.float32)
    return outline


def _upper_edge(points: NDArray[np.float64], layout: FaceLayout) -> list[int]:
    if layout.name in _UPPER_EDGE:
        return list(_UPPER_EDGE[layout.name])
    left, right = points[list(layout.eye_corners)]
    down = np.array([left[1] - right[1], right[0] - left[0]])
    return [max(layout.rigid, key=lambda point: float(points[point] @ down))]


def hull_mask(polygon: NDArray[np.float32], *, left: int, top: int, width: int, height: int) -> NDArray[np.bool_]:
    """Which pixels of a rectangle of the frame lie in a polygon.

    Args:
        polygon: ``(N, 2)`` in pixels of the frame; whole numbers are pixel centers.
        left: First column of the rectangle.
        top: First row.
        width: Columns.
        height: Rows.

    Returns:
        ``(height, width)`` bool; empty where the polygon does not reach.

    Example:
        >>> square = np.array([[2, 1], [4, 1], [4, 3], [2, 3]], np.float32)
        >>> int(hull_mask(square, left=0, top=0, width=6, height=6).sum())
        9
    """
    # Drawn whole, then cut: OpenCV rounds edges it clips, and the mask must not depend on the rectangle.
    low = np.floor(polygon.min(axis=0)).astype(int) - 1
    columns, rows = np.ceil(polygon.max(axis=0)).astype(int) + 2 - low
    drawn = np.zeros((rows, columns), np.uint8)
    place = np.round((polygon.astype(np.float64) - low) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(drawn, [place], 1, lineType=cv2.LINE_8, shift=_SUBPIXEL_BITS)
    mask = np.zeros((height, width), np.bool_)
    x, y = low[0] - left, low[1] - top
    first_row, last_row = max(y, 0), min(y + rows, height)
    first_column, last_column = max(x, 0), min(x + columns, width)
    if first_row < last_row and first_column < last_column:
        mask[first_row:last_row, first_column:last_column] = drawn[
            first_row - y : last_row - y, first_column - x : last_column - x
        ]
    return mask
