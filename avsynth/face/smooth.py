"""Takes the landmark engine's jitter out of a track without blurring what the lips do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from avsynth.core.face import FaceLayout

_WINDOW, _ORDER = 7, 2
_PIECE = 1000  # frames that are smoothed at once, so that memory does not grow with the film
_LARGEST_SHIFT = 0.01  # of the eye corners' distance: several times the engine's jitter, less than real motion


def smooth(landmarks_px: NDArray[np.float32], *, visible: NDArray[np.bool_], layout: FaceLayout) -> NDArray[np.float32]:
    """Steady the head, and the points outside the lips, in every unbroken run of frames.

    The similarity from a resting head to each frame is smoothed over 7 frames and the whole face moved by the
    difference, lips included, so the opening over the face's scale stays exactly what was measured. The other points
    are smoothed in the head's own frame. No run reaches over a lost face, and a track never reaches over a cut.

    Args:
        landmarks_px: ``(T, P, 3)``.
        visible: ``(T,)``; other frames are left alone.
        layout: Which landmark is which.

    Returns:
        ``(T, P, 3)``.

    Source:
        Savitzky and Golay (1964), with a window of 7 and order 2.
    """
    out = landmarks_px.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], visible, [False]]).astype(np.int8)))
    for start, end in edges.reshape(-1, 2):
        if end - start < _WINDOW:
            continue
        rest = _flat(landmarks_px[start : start + 1, list(layout.rigid)])[0]
        for first in range(start, end, _PIECE):  # with a window's overlap the pieces fit as if they were one
            last, begin = min(first + _PIECE, end), max(first - _WINDOW, start)
            run = landmarks_px[begin : min(last + _WINDOW, end)]
            out[first:last] = _smooth_run(run, layout, rest - rest.mean())[first - begin : last - begin]
    return out


def _flat(points: NDArray[np.float32]) -> NDArray[np.complex128]:
    """Points of the plane as complex numbers: a similarity is then one product and one sum."""
    flat: NDArray[np.complex128] = points[..., 0].astype(np.float64) + 1j * points[..., 1].astype(np.float64)
    return flat


def _smooth_run(points: NDArray[np.float32], layout: FaceLayout, rest: NDArray[np.complex128]) -> NDArray[np.float32]:
    rigid = list(layout.rigid)
    flat = _flat(points)
    middle = flat[:, rigid].mean(axis=1)
    turn = ((flat[:, rigid] - middle[:, None]) * rest.conj()).sum(axis=1) / (abs(rest) ** 2).sum()
    scale = abs(flat[:, layout.eye_corners[1]] - flat[:, layout.eye_corners[0]])
    steady_middle = middle + _limited(_filtered(middle) - middle, _LARGEST_SHIFT * scale)
    steady_turn = turn + _limited(_filtered(turn) - turn, _LARGEST_SHIFT * abs(turn))
    shape = (flat - middle[:, None]) / turn[:, None]
    lips = np.zeros(layout.points, np.bool_)
    lips[[*layout.outer_lip, *layout.inner_lip]] = True
    limit = np.full(shape[:, ~lips].shape, _LARGEST_SHIFT * np.median(scale / abs(turn)))
    shape[:, ~lips] += _limited(_filtered(shape[:, ~lips]) - shape[:, ~lips], limit)
    flat = shape * steady_turn[:, None] + steady_middle[:, None]
    out: NDArray[np.float32] = np.stack([flat.real, flat.imag, points[..., 2]], axis=-1).astype(np.float32)
    return out


def _filtered(values: NDArray[np.complex128]) -> NDArray[np.complex128]:
    real, imaginary = (savgol_filter(part, _WINDOW, _ORDER, axis=0) for part in (values.real, values.imag))
    filtered: NDArray[np.complex128] = real + 1j * imaginary
    return filtered


def _limited(shift: NDArray[np.complex128], most: NDArray[np.floating]) -> NDArray[np.complex128]:
    """Shorten what is longer than ``most``: a fast real motion is not jitter."""
    limited: NDArray[np.complex128] = shift * np.minimum(1, most / np.maximum(abs(shift), 1e-9))
    return limited
