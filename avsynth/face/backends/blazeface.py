"""BlazeFace: finds faces in a whole picture, by a small network run through ONNX Runtime."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from avsynth.core.media import Frames
from avsynth.face.base import Region
from avsynth.media.color import sample_rgb
from avsynth.models.onnx import OnnxNetwork

_CARD = "face_detector/blazeface-full"
_PIXELS = 192
_CELLS = 48  # one anchor in the middle of every cell of 4 x 4 pixels
_SURE = 0.6
_SAME_FACE = 0.3  # boxes that overlap more are one face, their weighted mean
_FACE_TO_REGION = 1.5  # the mesh was trained on squares 1.5 times the detector's box


class BlazeFace:
    """Finds faces.

    Args:
        threads: Processor threads a run may use.

    Raises:
        ModelError: The weights cannot be obtained.

    Source:
        Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019, arXiv:1907.05047.
    """

    def __init__(self, *, threads: int = 1) -> None:
        self._network = OnnxNetwork(_CARD, threads=threads)
        centers = (np.arange(_CELLS, dtype=np.float32) + 0.5) * (_PIXELS / _CELLS)
        x, y = np.meshgrid(centers, centers)
        self._anchors = np.stack([x.ravel(), y.ravel()], axis=1)

    def __call__(self, frames: Frames, index: int, *, rotation: int = 0, thorough: bool = True) -> list[Region]:
        """Regions of the faces in one picture, the surest first; see ``Landmarker.detect``."""
        found: list[tuple[float, Region]] = []
        squares = windows(width=frames.width, height=frames.height, angle=-math.radians(rotation))
        for window in squares if thorough else squares[:1]:
            found += self._look(frames, index, window)
        found.sort(key=lambda item: -item[0])
        kept: list[Region] = []
        for _, region in found:
            if all(region.overlap(other) < _SAME_FACE for other in kept):
                kept.append(region)
        return kept

    def _look(self, frames: Frames, index: int, window: Region) -> list[tuple[float, Region]]:
        to_frame = window.to_frame(_PIXELS)
        rgb = sample_rgb(frames, index, to_frame=to_frame, size=(_PIXELS, _PIXELS))
        rgb[~_inside(to_frame, frames)] = 0
        raw = self._network(rgb[None].astype(np.float32) / np.float32(127.5) - 1)
        by_width = {values.shape[-1]: values[0] for values in raw.values()}
        scores = 1 / (1 + np.exp(-np.clip(by_width[1][:, 0], -80, 80)))
        sure = np.flatnonzero(scores > _SURE)
        points = by_width[16][sure].reshape(-1, 8, 2).copy()  # center, size, eyes, nose, mouth, ears
        points[:, 0] += self._anchors[sure]
        points[:, 2:] += self._anchors[sure, None]
        return [(score, _region(box, window)) for score, box in _merged(points, scores[sure])]


def windows(*, width: int, height: int, angle: float = 0.0) -> list[Region]:
    """The squares of a picture that are searched: the whole, and overlapping halves in which small faces are larger.

    Args:
        width: Columns of the picture.
        height: Rows of the picture.
        angle: Turn of all squares, in radians.
    """
    longest, shortest = max(width, height), min(width, height)
    squares = [Region(width / 2, height / 2, longest, angle)]
    size = min(shortest, longest * 0.6)
    columns, rows = (max(1, math.ceil((side - size) / (size * 0.75)) + 1) for side in (width, height))
    for row in range(rows):
        for column in range(columns):
            x = size / 2 + (width - size) * (column / (columns - 1) if columns > 1 else 0.5)
            y = size / 2 + (height - size) * (row / (rows - 1) if rows > 1 else 0.5)
            squares.append(Region(x, y, size, angle))
    return squares


def _inside(to_frame: NDArray[np.float64], frames: Frames) -> NDArray[np.bool_]:
    rows, columns = np.mgrid[:_PIXELS, :_PIXELS]
    x = to_frame[0, 0] * columns + to_frame[0, 1] * rows + to_frame[0, 2]
    y = to_frame[1, 0] * columns + to_frame[1, 1] * rows + to_frame[1, 2]
    inside: NDArray[np.bool_] = (x >= -0.5) & (x <= frames.width - 0.5) & (y >= -0.5) & (y <= frames.height - 0.5)
    return inside


def _merged(points: NDArray[np.float32], scores: NDArray[np.float32]) -> list[tuple[float, NDArray[np.float32]]]:
    """Non-maximum suppression that averages the boxes of one face by their scores, as MediaPipe does."""
    low, high = points[:, 0] - points[:, 1] / 2, points[:, 0] + points[:, 1] / 2
    area = np.prod(np.maximum(high - low, 0), axis=1)
    left = np.argsort(-scores)
    faces: list[tuple[float, NDArray[np.float32]]] = []
    while len(left):
        best = left[0]
        shared = np.prod(np.maximum(np.minimum(high[left], high[best]) - np.maximum(low[left], low[best]), 0), axis=1)
        same = shared / np.maximum(area[left] + area[best] - shared, 1e-6) > _SAME_FACE
        same[0] = True
        weights = scores[left[same], None, None]
        faces.append((float(scores[best]), (points[left[same]] * weights).sum(0) / weights.sum()))
        left = left[~same]
    return faces


def _region(points: NDArray[np.float32], window: Region) -> Region:
    """The square around a detected face, turned by its eyes."""
    to_frame = window.to_frame(_PIXELS)
    x, y = to_frame[:, :2] @ (points[0] - 0.5) + to_frame[:, 2]
    first, second = (to_frame[:, :2] @ eye for eye in points[2:4])
    size = float(points[1].max()) * window.size / _PIXELS * _FACE_TO_REGION
    return Region(float(x), float(y), size, math.atan2(second[1] - first[1], second[0] - first[0]))
