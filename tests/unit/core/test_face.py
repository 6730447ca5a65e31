"""Landmarks measure mouths in units of the face, and tracks cut without losing a frame."""

from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.face import FaceLayout, FacePatch, FaceTrack, MouthMotion

SQUARE = FaceLayout(
    name="square",
    points=6,
    outer_lip=(2, 3),
    inner_lip=(4, 5),
    opening=((4, 5),),
    corners=(2, 3),
    eye_corners=(0, 1),
    jaw=(),
    rigid=(0, 1),
)


def points(*, scale, opening, width, angle=0.0):
    """Eyes ``scale`` apart, lips ``opening`` and ``width`` of that apart, turned by ``angle``."""
    flat = scale * np.array(
        [[-0.5, 0], [0.5, 0], [-width / 2, 1], [width / 2, 1], [0, 1 - opening / 2], [0, 1 + opening / 2]]
    )
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.concatenate([flat @ turn, np.full((6, 1), 99.0)], 1).astype(np.float32)


def track(count=10, start=5):
    marks = np.stack([points(scale=100, opening=i / 100, width=0.5) for i in range(count)])
    ones = np.ones(count, bool)
    pose = np.zeros((count, 3), np.float32)
    return FaceTrack(1, start, SQUARE, marks, ones, ones.astype(np.float32), pose)


@pytest.mark.parametrize(("scale", "angle"), [(40.0, 0.0), (100.0, 0.5), (250.0, -2.0)])
def test_measures_do_not_depend_on_size_turn_or_depth(scale, angle):
    marks = points(scale=scale, opening=0.2, width=0.6, angle=angle)[None]
    assert SQUARE.scale_px(marks) == pytest.approx([scale], rel=1e-5)
    assert SQUARE.mouth_opening(marks) == pytest.approx([0.2], rel=1e-4)
    assert SQUARE.mouth_width(marks) == pytest.approx([0.6], rel=1e-4)


def test_cut_keeps_film_indices():
    whole = track()
    assert (len(whole), whole.end) == (10, 15)
    part = whole.cut(7, 12)
    assert (part.start, part.end, part.id) == (7, 12, 1)
    assert np.array_equal(part.landmarks_px, whole.landmarks_px[2:7])
    assert np.array_equal(
        np.concatenate([whole.cut(5, 9).landmarks_px, whole.cut(9, 15).landmarks_px]), whole.landmarks_px
    )


@pytest.mark.parametrize(("start", "end"), [(4, 10), (5, 16), (9, 9), (10, 9)])
def test_cut_refuses_what_is_not_inside(start, end):
    with pytest.raises(ValueError, match="not inside the track"):
        track().cut(start, end)


def test_shapes_must_agree():
    good = track()
    with pytest.raises(ValueError, match=r"landmarks_px must have shape \(10, 6, 3\)"):
        FaceTrack(1, 0, SQUARE, good.landmarks_px[:, :5], good.visible, good.score, good.pose)
    with pytest.raises(ValueError, match="pose must have shape"):
        FaceTrack(1, 0, SQUARE, good.landmarks_px, good.visible, good.score, good.pose[:, :2])


def test_motion_is_finite():
    assert len(MouthMotion("b", np.zeros((7, 3), np.float32), Fraction(25))) == 7
    with pytest.raises(ValueError, match="finite"):
        MouthMotion("b", np.full((7, 3), np.nan, np.float32), Fraction(25))
    with pytest.raises(ValueError, match="shape"):
        MouthMotion("b", np.zeros(7, np.float32), Fraction(25))


def test_patch_image_fits_its_alpha():
    FacePatch(0, np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), np.float32), 0, 0)
    with pytest.raises(ValueError, match="does not fit alpha"):
        FacePatch(0, np.zeros((4, 5, 3), np.uint8), np.zeros((5, 4), np.float32), 0, 0)
    with pytest.raises(ValueError, match="float32"):
        FacePatch(0, np.zeros((4, 5, 3), np.float32), np.zeros((4, 5), np.float32), 0, 0)
