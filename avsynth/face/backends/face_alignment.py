"""The engine "face-alignment": 68 points by the package of that name, with the weights its user has obtained."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from face_alignment import FaceAlignment as Package
from face_alignment import LandmarksType
from numpy.typing import NDArray

from avsynth.core.errors import ModelError
from avsynth.core.media import Frames
from avsynth.face.backends.blazeface import BlazeFace
from avsynth.face.base import FoundFace, Region
from avsynth.face.layouts import IBUG_68
from avsynth.media.color import sample_rgb

# Where torch.hub keeps what the package downloads, and the names it gives them (face-alignment 1.5, api.py).
_NETWORK = "2DFAN4-11f355bf06.pth.tar"
_PIXELS = 384
_WIDER = 1.5  # the package looks beyond the face's region
_BOX = (0.31, 0.26, 0.69, 0.76)  # the face in the wider region: left, top, right, bottom, as the package frames it
_MARGIN = 1.75  # side of the region over the larger side of the 68 points, which leave out the forehead


class FaceAlignment:
    """The 68 points of 300-W, flat: depth is 0.

    The package would download its weights on first use. This engine does not: it uses them where they are already, and
    otherwise says how to get them. Faces are found by BlazeFace, so that the package's own detector is not needed.

    Args:
        device: Where the network runs.

    Raises:
        ModelError: The network's weights are not in torch.hub's cache.

    Source:
        Bulat and Tzimiropoulos, "How far are we from solving the 2D & 3D face alignment problem?", 2017,
        arXiv:1703.07332.
    """

    layout = IBUG_68

    def __init__(self, *, device: str = "cpu") -> None:
        weights = Path(torch.hub.get_dir()) / "checkpoints" / _NETWORK
        if not weights.is_file():
            raise ModelError(
                f"face-alignment's weights are not at {weights}; get them once, while online, with python -c \"import "
                "face_alignment as f; f.FaceAlignment(f.LandmarksType.TWO_D, device='cpu', compile=False)\""
            )
        self._detector = BlazeFace()
        self._package = Package(
            LandmarksType.TWO_D,
            device=device,
            compile=False,
            flip_input=False,
            face_detector="folder",  # the one detector that needs no weights; boxes are given
        )

    def detect(self, frames: Frames, index: int, *, rotation: int = 0, thorough: bool = True) -> list[Region]:
        """Look for faces in a whole picture; see ``Landmarker``."""
        return self._detector(frames, index, rotation=rotation, thorough=thorough)

    def fit(self, frames: Frames, index: int, *, region: Region) -> FoundFace:
        """Place the 68 points on the face in ``region``; see ``Landmarker``."""
        to_frame = replace(region, size=region.size * _WIDER).to_frame(_PIXELS)
        rgb = sample_rgb(frames, index, to_frame=to_frame, size=(_PIXELS, _PIXELS))
        box = [side * _PIXELS for side in _BOX]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            landmarks, scores, _ = self._package.get_landmarks_from_image(
                rgb, detected_faces=[box], return_landmark_score=True
            )
        points = np.zeros((IBUG_68.points, 3), np.float32)
        points[:, :2] = landmarks[0][:, :2] @ to_frame[:, :2].T + to_frame[:, 2]
        return FoundFace(points, float(np.clip(np.mean(scores[0]), 0, 1)))

    def region(self, landmarks_px: NDArray[np.float32]) -> Region:
        """The turned square around the points, whose box lies a little above their middle."""
        points = landmarks_px[:, :2].astype(np.float64)
        left, right = (points[i] for i in self.layout.eye_corners)
        angle = float(np.arctan2(right[1] - left[1], right[0] - left[0]))
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[cos, sin], [-sin, cos]])
        upright = points @ turn.T
        low, high = upright.min(axis=0), upright.max(axis=0)
        side = float((high - low).max())
        x, y = turn.T @ ((low + high) / 2 - (0.0, 0.1 * side))
        return Region(float(x), float(y), side * _MARGIN, angle)
