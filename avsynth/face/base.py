"""What every landmark engine can do, and the engines by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceLayout
from avsynth.core.media import Frames
from avsynth.core.registry import Registry


@dataclass(frozen=True)
class Region:
    """A turned square around a face, in pixels of the frame.

    Attributes:
        x: Column of its center.
        y: Row of its center.
        size: Length of its side.
        angle: How far the face is turned clockwise in the picture, in radians.
    """

    x: float
    y: float
    size: float
    angle: float = 0.0

    def to_frame(self, pixels: int) -> NDArray[np.float64]:
        """``(2, 3)``: maps pixel centers of a square picture with ``pixels`` a side to those of the frame.

        >>> Region(x=50, y=40, size=20).to_frame(10)[:, 2].tolist()
        [41.0, 31.0]
        """
        step = self.size / pixels
        cos, sin = step * np.cos(self.angle), step * np.sin(self.angle)
        turn = np.array([[cos, -sin], [sin, cos]])
        middle = np.full(2, (pixels - 1) / 2)
        return np.column_stack([turn, np.array([self.x, self.y]) - turn @ middle])

    def overlap(self, other: Region) -> float:
        """Intersection over union of the two squares, as if they were upright; 0 to 1."""
        wide, high = (
            min(a + self.size / 2, b + other.size / 2) - max(a - self.size / 2, b - other.size / 2)
            for a, b in ((self.x, other.x), (self.y, other.y))
        )
        shared = max(wide, 0.0) * max(high, 0.0)
        return shared / (self.size**2 + other.size**2 - shared)


@dataclass(frozen=True)
class FoundFace:
    """Landmarks of one face in one frame: ``(P, 3)`` float32 in pixels, and the engine's confidence in 0..1."""

    landmarks_px: NDArray[np.float32]
    score: float


class Landmarker(Protocol):
    """Finds faces in a picture and places landmarks on them; holds no memory of earlier pictures.

    ``detect`` may be asked by one thread while another asks ``fit``.
    """

    layout: FaceLayout

    def detect(self, frames: Frames, index: int, *, rotation: int = 0, thorough: bool = True) -> list[Region]:
        """Look for faces in a whole picture.

        Args:
            frames: The chunk.
            index: Which picture of the chunk.
            rotation: Degrees clockwise a player turns the picture: 0, 90, 180 or 270.
            thorough: Look for small faces too, which takes several times as long.

        Returns:
            One region a face, the surest first.
        """

    def fit(self, frames: Frames, index: int, *, region: Region) -> FoundFace:
        """Place landmarks on the face in ``region``; the score says whether there is one."""

    def region(self, landmarks_px: NDArray[np.float32]) -> Region:
        """Where to look for this face in the next picture."""


LANDMARKERS = Registry(
    "landmarker",
    {
        "facemesh": "avsynth.face.backends.facemesh:FaceMesh",
        "face-alignment": "avsynth.face.backends.face_alignment:FaceAlignment",
    },
)
