"""The lower-face hull: lips inside, eyes and nose outside, and masks that agree wherever they are cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.face import FaceLayout
from avsynth.face.hull import hull_mask, lower_face_hull
from avsynth.face.layouts import IBUG_68


def face_68(*, scale: float = 100.0, x: float = 200.0, y: float = 150.0) -> np.ndarray:
    """A drawn face of 68 points; unit is the distance of the outer eye corners, origin their middle."""
    points = np.zeros((68, 3), np.float32)
    turn = np.linspace(np.pi, 0, 17)
    points[:17, :2] = np.stack([0.75 * np.cos(turn), 0.1 + 1.1 * np.sin(turn)], 1)
    points[27:31, 1] = [0, 0.15, 0.3, 0.42]
    points[31:36, :2] = [[-0.17, 0.5], [-0.08, 0.53], [0, 0.55], [0.08, 0.53], [0.17, 0.5]]
    points[[36, 39, 42, 45], 0] = [-0.5, -0.19, 0.19, 0.5]
    ring = np.pi + np.arange(12) * np.pi / 6
    points[48:60, :2] = np.stack([0.3 * np.cos(ring), 0.8 + 0.12 * np.sin(ring)], 1)
    ring = np.pi + np.arange(8) * np.pi / 4
    points[60:68, :2] = np.stack([0.22 * np.cos(ring), 0.8 + 0.05 * np.sin(ring)], 1)
    return points * scale + np.array([x, y, 0], np.float32)


def inside(mask: np.ndarray, points: np.ndarray) -> np.ndarray:
    columns, rows = np.round(points[:, :2]).astype(int).T
    return mask[rows, columns]


def test_lips_are_inside_and_eyes_nose_and_jaw_outside() -> None:
    face = face_68()
    mask = hull_mask(lower_face_hull(face, IBUG_68), left=0, top=0, width=400, height=400)
    assert inside(mask, face[48:68]).all()
    assert not inside(mask, face[[36, 39, 42, 45, 27, 28, 29, 30]]).any()
    assert not inside(mask, face[:17]).any()
    assert 5000 < mask.sum() < 15000


def test_a_layout_that_is_not_known_has_its_edge_at_the_lowest_rigid_point() -> None:
    known = IBUG_68
    other = FaceLayout(
        "other", 68, known.outer_lip, known.inner_lip, known.opening, known.corners, (36, 45), known.jaw, known.rigid
    )
    face = face_68()
    assert lower_face_hull(face, other)[0] == pytest.approx(face[33, :2])


@given(left=st.integers(-50, 350), top=st.integers(-50, 350), shift=st.integers(0, 40))
def test_a_mask_is_the_same_wherever_its_rectangle_lies(left: int, top: int, shift: int) -> None:
    polygon = lower_face_hull(face_68(), IBUG_68)
    whole = hull_mask(polygon, left=-100, top=-100, width=700, height=700)
    part = hull_mask(polygon, left=left, top=top, width=60 + shift, height=90)
    assert np.array_equal(part, whole[top + 100 : top + 190, left + 100 : left + 160 + shift])


def test_a_rectangle_elsewhere_is_empty() -> None:
    assert not hull_mask(lower_face_hull(face_68(), IBUG_68), left=1000, top=0, width=50, height=50).any()
