"""The engine "facemesh": BlazeFace finds faces, the attention mesh places 478 points on each."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from avsynth.core.media import Frames
from avsynth.face.backends.blazeface import BlazeFace
from avsynth.face.base import FoundFace, Region
from avsynth.face.layouts import MEDIAPIPE_478
from avsynth.media.color import sample_rgb
from avsynth.models.onnx import OnnxNetwork

_CARD = "landmarks/attention-mesh"
_PIXELS = 192
_MARGIN = 1.5
_MESH_POINTS = 468

# Which mesh point each refined point replaces: facts of the network's training, as published with it (MediaPipe,
# tensors_to_face_landmarks_with_attention.pbtxt). Rings run from the outer to the inner lip; eyes from lids to brows.
# fmt: off
_LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,
    62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
)
_LEFT_EYE = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,
    130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190,
    226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189,
    35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193,
)
_RIGHT_EYE = (
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
    359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414,
    446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413,
    265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336, 285, 417,
)
# fmt: on
_REFINED = {"output_lips": _LIPS, "output_left_eye": _LEFT_EYE, "output_right_eye": _RIGHT_EYE}
_IRISES = {"output_left_iris": (468, _LEFT_EYE[:16]), "output_right_iris": (473, _RIGHT_EYE[:16])}


class FaceMesh:
    """478 landmarks in 3-D, with lips tight to the contour.

    Args:
        threads: Processor threads a run may use; 1 is fastest where several films are worked on.

    Raises:
        ModelError: The weights cannot be obtained.

    Source:
        Grishchenko et al., "Attention Mesh", 2020, arXiv:2006.10962.
    """

    layout = MEDIAPIPE_478

    def __init__(self, *, threads: int = 1) -> None:
        self._detector = BlazeFace(threads=threads)
        self._network = OnnxNetwork(_CARD, threads=threads)

    def detect(self, frames: Frames, index: int, *, rotation: int = 0, thorough: bool = True) -> list[Region]:
        """Look for faces in a whole picture; see ``Landmarker``."""
        return self._detector(frames, index, rotation=rotation, thorough=thorough)

    def fit(self, frames: Frames, index: int, *, region: Region) -> FoundFace:
        """Place the 478 points on the face in ``region``; see ``Landmarker``."""
        to_frame = region.to_frame(_PIXELS)
        rgb = sample_rgb(frames, index, to_frame=to_frame, size=(_PIXELS, _PIXELS))
        raw = self._network(rgb[None].astype(np.float32) / np.float32(255))
        points = _refined(raw)
        points[:, :2] = (points[:, :2] - 0.5) @ to_frame[:, :2].T + to_frame[:, 2]
        points[:, 2] *= region.size / _PIXELS
        score = 1 / (1 + math.exp(-float(np.clip(raw["conv_faceflag"].ravel()[0], -80, 80))))
        return FoundFace(points, score)

    def region(self, landmarks_px: NDArray[np.float32]) -> Region:
        """The turned square around the mesh, 1.5 times its larger side, as the network was trained."""
        points = landmarks_px[:_MESH_POINTS, :2].astype(np.float64)
        left, right = (points[i] for i in self.layout.eye_corners)
        angle = math.atan2(right[1] - left[1], right[0] - left[0])
        cos, sin = math.cos(angle), math.sin(angle)
        turn = np.array([[cos, sin], [-sin, cos]])
        upright = points @ turn.T
        low, high = upright.min(axis=0), upright.max(axis=0)
        x, y = turn.T @ ((low + high) / 2)
        return Region(float(x), float(y), float((high - low).max()) * _MARGIN, angle)


def _refined(raw: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """The mesh with the finer lips, eyes and irises put in; an iris gets its eye's mean depth."""
    points = np.zeros((MEDIAPIPE_478.points, 3), np.float32)
    points[:_MESH_POINTS] = raw["output_mesh_identity"].reshape(-1, 3)
    for name, targets in _REFINED.items():
        points[list(targets), :2] = raw[name].reshape(-1, 2)
    for name, (first, lids) in _IRISES.items():
        points[first : first + 5, :2] = raw[name].reshape(-1, 2)
        points[first : first + 5, 2] = points[list(lids), 2].mean()
    return points
