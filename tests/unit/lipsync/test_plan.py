from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from drawn_track import drawn_track
from synth import Truth

from avsynth.core.face import FaceTrack, MouthMotion
from avsynth.lipsync.plan import stretches


@pytest.fixture
def track() -> FaceTrack:
    eyes = np.tile(np.array([[272.0, 200.0], [368.0, 200.0]]), (20, 1, 1))
    whole = drawn_track(Truth(Path("none"), Fraction(25), np.zeros(20), eyes, eyes[:, 0]))
    return FaceTrack(0, 10, whole.layout, whole.landmarks_px, whole.visible, whole.score, whole.pose)


def motion(count: int, start: int) -> MouthMotion:
    return MouthMotion("articulatory-5", np.zeros((count, 5), np.float32), Fraction(25), start)


def test_face_and_motion_must_overlap(track: FaceTrack) -> None:
    assert stretches(track, motion=motion(100, 0), strength=None) == [(10, 30)]
    assert stretches(track, motion=motion(8, 5), strength=None) == [(10, 13)]
    assert stretches(track, motion=motion(5, 30), strength=None) == []


def test_strength_zero_parts_the_stretches(track: FaceTrack) -> None:
    strength = np.ones(40, np.float32)
    strength[[0, 18, 19, 29]] = 0
    assert stretches(track, motion=motion(40, 0), strength=strength) == [(10, 18), (20, 29)]


def test_strength_must_fit_the_motion(track: FaceTrack) -> None:
    with pytest.raises(ValueError, match="strength must have shape"):
        stretches(track, motion=motion(40, 0), strength=np.ones(20, np.float32))
