"""A head turned by known angles is measured at those angles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.errors import InputError
from avsynth.core.face import FaceLayout
from avsynth.face import pose as module
from avsynth.face.layouts import IBUG_68, MEDIAPIPE_478
from avsynth.face.pose import head_pose


def turned_head(layout: FaceLayout, *, yaw: float, pitch: float, roll: float, depth: bool = True) -> np.ndarray:
    """The model head, looking up by ``pitch``, then to the viewer's right by ``yaw``, then turned in the picture."""
    y, p, r = np.radians([yaw, pitch, roll])
    up = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    aside = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    around = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    points = np.zeros((1, layout.points, 3), np.float32)
    points[0, list(layout.rigid)] = 120 * np.array(module._HEAD[layout.name]) @ (around @ aside @ up).T + [300, 200, 9]
    if not depth:
        points[..., 2] = 0
    return points


@pytest.mark.parametrize("layout", [MEDIAPIPE_478, IBUG_68], ids=lambda layout: layout.name)
def test_signs(layout: FaceLayout) -> None:
    """Nose to the viewer's right, nose up, head clockwise: each positive."""
    nose = {"mediapipe-478": 4, "ibug-68": 30}[layout.name]
    frontal = turned_head(layout, yaw=0, pitch=0, roll=0)[0, nose]
    assert turned_head(layout, yaw=20, pitch=0, roll=0)[0, nose, 0] > frontal[0] + 10
    assert turned_head(layout, yaw=0, pitch=20, roll=0)[0, nose, 1] < frontal[1] - 10
    left, right = turned_head(layout, yaw=0, pitch=0, roll=20)[0, list(layout.eye_corners), 1]
    assert right > left + 10


@given(yaw=st.floats(-70, 70), roll=st.floats(-90, 90), pitch=st.floats(-40, 40))
def test_one_turn_at_a_time_is_measured_exactly(yaw: float, roll: float, pitch: float) -> None:
    for angles in ((yaw, 0, roll), (0, pitch, roll)):
        points = turned_head(MEDIAPIPE_478, yaw=angles[0], pitch=angles[1], roll=0)
        measured = head_pose(points, MEDIAPIPE_478)[0]
        assert measured == pytest.approx((angles[0], angles[1], 0), abs=0.1)
    measured = head_pose(turned_head(MEDIAPIPE_478, yaw=0, pitch=0, roll=roll), MEDIAPIPE_478)[0]
    assert measured == pytest.approx((0, 0, roll), abs=0.1)


@pytest.mark.parametrize("layout", [MEDIAPIPE_478, IBUG_68], ids=lambda layout: layout.name)
@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 0), (-20, 0, 0), (0, 15, 0), (0, 0, 35), (0, -10, 0)])
def test_without_depth_the_pose_is_found_from_the_plane(layout: FaceLayout, angles: tuple[float, ...]) -> None:
    yaw, pitch, roll = angles
    points = turned_head(layout, yaw=yaw, pitch=pitch, roll=roll, depth=False)
    assert head_pose(points, layout)[0] == pytest.approx(angles, abs=0.1)


def test_another_layout_is_an_error() -> None:
    other = FaceLayout("other", 4, (0,), (1,), ((0, 1),), (0, 1), (2, 3), (0,), (2, 3))
    with pytest.raises(InputError, match="no model head"):
        head_pose(np.zeros((1, 4, 3), np.float32), other)
