"""Landmark measures on points whose place is known."""

import numpy as np
import pytest
from drawn_track import DRAWN, face_points

from avsynth.metrics.landmarks import landmark_distance, opening_correlation, width_correlation

OPENINGS = np.abs(np.sin(np.arange(20) / 3)) * 0.25
SCALE = 120.0


def faces(openings: np.ndarray) -> np.ndarray:
    return np.stack([face_points(opening) for opening in openings]).astype(np.float32) * SCALE


def test_the_same_landmarks_are_nowhere_apart() -> None:
    true = faces(OPENINGS)
    assert landmark_distance(true, true=true, layout=DRAWN).tolist() == [0.0] * 20
    assert opening_correlation(true, true=true, layout=DRAWN) == pytest.approx(1)
    assert width_correlation(true, true=true, layout=DRAWN) == pytest.approx(1)


def test_a_shift_counts_by_the_eyes_distance() -> None:
    true = faces(OPENINGS)
    made = true + np.array([3.6, 4.8], np.float32)
    assert landmark_distance(made, true=true, layout=DRAWN) == pytest.approx(6 / SCALE, rel=1e-4)


def test_only_lips_count() -> None:
    true = faces(OPENINGS)
    made = true.copy()
    made[:, list(DRAWN.jaw)] += 50
    assert landmark_distance(made, true=true, layout=DRAWN).max() == 0
    made[:, list(DRAWN.outer_lip)] += np.array([12, 0], np.float32)  # a tenth, on half of the lip points
    assert landmark_distance(made, true=true, layout=DRAWN) == pytest.approx(0.05, rel=1e-4)


def test_a_mouth_that_opens_half_as_far_still_correlates() -> None:
    true, half, against = faces(OPENINGS), faces(OPENINGS / 2), faces(0.25 - OPENINGS)
    assert opening_correlation(half, true=true, layout=DRAWN) > 0.999
    assert width_correlation(half, true=true, layout=DRAWN) > 0.999  # the drawn mouth narrows as it opens
    assert opening_correlation(against, true=true, layout=DRAWN) < -0.999


def test_a_still_mouth_does_not_correlate() -> None:
    true = faces(OPENINGS)
    assert opening_correlation(faces(np.full(20, 0.1)), true=true, layout=DRAWN) == 0


def test_landmarks_of_different_count_are_refused() -> None:
    true = faces(OPENINGS)
    with pytest.raises(ValueError, match="differ in shape"):
        landmark_distance(true[1:], true=true, layout=DRAWN)
