"""Regions: where a face is looked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.errors import UnknownEngineError
from avsynth.face.base import LANDMARKERS, Region

NUMBER = st.floats(-500, 500)


@given(x=NUMBER, y=NUMBER, size=st.floats(1, 2000), angle=st.floats(-4, 4))
def test_the_middle_of_the_crop_is_the_middle_of_the_region(x: float, y: float, size: float, angle: float) -> None:
    to_frame = Region(x, y, size, angle).to_frame(192)
    assert to_frame[:, :2] @ [95.5, 95.5] + to_frame[:, 2] == pytest.approx([x, y], abs=1e-6)
    assert np.linalg.det(to_frame[:, :2]) == pytest.approx((size / 192) ** 2)


def test_a_turned_region_is_seen_upright() -> None:
    to_frame = Region(0, 0, 192, np.pi / 2).to_frame(192)
    right = to_frame[:, :2] @ [1, 0]  # one pixel to the right of an upright face is one down in the frame
    assert right == pytest.approx([0, 1], abs=1e-9)


def test_overlap_of_known_squares() -> None:
    square = Region(0, 0, 10)
    assert square.overlap(square) == 1
    assert square.overlap(Region(5, 0, 10)) == pytest.approx(1 / 3)
    assert square.overlap(Region(20, 0, 10)) == 0


def test_an_unknown_landmarker_is_an_error_that_lists_them() -> None:
    with pytest.raises(UnknownEngineError, match="there are: face-alignment, facemesh"):
        LANDMARKERS.get("dlib")
