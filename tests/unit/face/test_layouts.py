"""The layouts are consistent with themselves."""

import pytest

from avsynth.core.face import FaceLayout
from avsynth.face.layouts import IBUG_68, LAYOUTS, MEDIAPIPE_478


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_point_exists_once(layout: FaceLayout) -> None:
    for group in (layout.outer_lip, layout.inner_lip, layout.jaw, layout.rigid):
        assert len(set(group)) == len(group)
        assert 0 <= min(group) <= max(group) < layout.points
    assert not set(layout.outer_lip) & set(layout.inner_lip)
    assert not set(layout.rigid) & (set(layout.outer_lip) | set(layout.inner_lip) | set(layout.jaw))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_rings_start_at_the_left_corner_and_pass_the_right_one_half_way(layout: FaceLayout) -> None:
    left, right = layout.corners
    assert layout.outer_lip[0] == left
    assert layout.outer_lip[len(layout.outer_lip) // 2] == right
    ring = layout.inner_lip
    for upper, lower in layout.opening:
        assert 0 < ring.index(upper) < len(ring) // 2 < ring.index(lower)
        assert ring.index(upper) + ring.index(lower) == len(ring)  # straight below one another


def test_eye_corners_are_rigid() -> None:
    for layout in (MEDIAPIPE_478, IBUG_68):
        assert set(layout.eye_corners) <= set(layout.rigid)
