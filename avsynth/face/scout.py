"""Looks for faces in the thread that reads the film, while another places landmarks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceLayout
from avsynth.core.media import Frames
from avsynth.face.base import FoundFace, Landmarker, Region
from avsynth.face.follow import THOROUGH_EVERY, is_searched
from avsynth.face.pieces import Piece


class Scout:
    """A landmarker that has already looked where it will be asked to: same answers, from two cores.

    Args:
        engine: The landmarker that does the work.
        rotation: Degrees clockwise a player turns the picture.
    """

    def __init__(self, engine: Landmarker, *, rotation: int) -> None:
        self._engine, self._rotation = engine, rotation
        self._found: dict[tuple[int, bool], list[Region]] = {}
        self.layout: FaceLayout = engine.layout

    def look(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """The same pieces, each after the detector has seen the frames of it that a ``ShotFollower`` searches."""
        searches = 0
        for piece in pieces:
            frames = piece.frames
            searches = 0 if frames.start == piece.start else searches
            for index in range(len(frames)):
                last = piece.last and index == len(frames) - 1
                if is_searched(frames.start + index - piece.start, last=last):
                    thorough = searches % THOROUGH_EVERY == 0
                    found = self._engine.detect(frames, index, rotation=self._rotation, thorough=thorough)
                    self._found[frames.start + index, thorough] = found
                    searches += 1
            yield piece

    def detect(self, frames: Frames, index: int, *, rotation: int = 0, thorough: bool = True) -> list[Region]:
        """What was found there, or what the engine finds now; see ``Landmarker``."""
        known = self._found.pop((frames.start + index, thorough), None)
        self._found.pop((frames.start + index, not thorough), None)
        if known is not None and rotation == self._rotation:
            return known
        return self._engine.detect(frames, index, rotation=rotation, thorough=thorough)

    def fit(self, frames: Frames, index: int, *, region: Region) -> FoundFace:
        """As the engine does; see ``Landmarker``."""
        return self._engine.fit(frames, index, region=region)

    def region(self, landmarks_px: NDArray[np.float32]) -> Region:
        """As the engine does; see ``Landmarker``."""
        return self._engine.region(landmarks_px)
