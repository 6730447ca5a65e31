"""The squares a picture is searched in, and detector boxes that become regions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.face.backends.blazeface import _merged, windows


@given(width=st.integers(64, 4096), height=st.integers(64, 4096))
def test_the_squares_cover_the_picture_with_overlap(width: int, height: int) -> None:
    whole, *tiles = windows(width=width, height=height)
    assert whole.size == max(width, height)
    assert (whole.x, whole.y) == (width / 2, height / 2)
    size = tiles[0].size
    assert size <= 0.6 * max(width, height) + 1e-6 or size == min(width, height)
    for side, middles in ((width, {t.x for t in tiles}), (height, {t.y for t in tiles})):
        ordered = sorted(middles)
        assert ordered[0] - size / 2 <= 1e-6 or len(ordered) == 1
        assert ordered[-1] + size / 2 >= side - 1e-6
        if len(ordered) > 1:
            assert np.diff(ordered).max() <= 0.75 * size + 1e-6


def test_boxes_of_one_face_become_their_weighted_mean() -> None:
    points = np.zeros((3, 8, 2), np.float32)
    points[:, 1] = 20
    points[:, 0] = [[50, 50], [54, 50], [120, 50]]
    scores = np.array([0.9, 0.6, 0.8], np.float32)
    (first, one), (second, other) = _merged(points, scores)
    assert (first, second) == pytest.approx((0.9, 0.8))
    assert one[0] == pytest.approx([51.6, 50])
    assert other[0] == pytest.approx([120, 50])


def test_nothing_found_is_nothing() -> None:
    assert _merged(np.zeros((0, 8, 2), np.float32), np.zeros(0, np.float32)) == []
