import numpy as np
import pytest
from drawn_track import DRAWN, drawn_track
from hypothesis import given
from hypothesis import strategies as st
from synth import Truth

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack
from avsynth.lipsync.canonical import MouthPoints, Template, apply, invert, place, similarity

POINTS = MouthPoints.of(DRAWN)


def truth(count: int = 30, *, pan: float = 0.0) -> Truth:
    from fractions import Fraction
    from pathlib import Path

    middle = np.stack([320 + np.linspace(0, pan, count), np.full(count, 200.0)], 1)
    eyes = middle[:, None] + np.array([[-48.0, 0.0], [48.0, 0.0]])
    return Truth(Path("none"), Fraction(25), 0.1 * (1 + np.sin(np.arange(count))), eyes, middle)


@given(st.floats(-3, 3), st.floats(0.1, 20), st.floats(-500, 500), st.floats(-500, 500))
def test_similarity_finds_turn_scale_and_shift(angle: float, scale: float, x: float, y: float) -> None:
    points = np.random.default_rng(0).normal(size=(9, 2))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = points @ turn.T + (x, y)
    found = similarity(points[None], moved)
    np.testing.assert_allclose(apply(found, points[None])[0], moved, atol=1e-8)
    np.testing.assert_allclose(apply(invert(found), moved[None])[0], points, atol=1e-8)


def test_a_moving_head_stands_still_and_only_the_mouth_moves() -> None:
    track = drawn_track(truth(pan=60))
    placed = place(track, template=Template.of([(track, track.visible)]), points=POINTS)
    assert placed.valid.all()
    assert np.ptp(placed.rigid, axis=0).max() < 1e-4
    corners = placed.mouth[:, [0, 12]]
    assert np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1) == pytest.approx(0.5, abs=0.05)
    assert np.ptp(placed.mouth[:, POINTS.inner.start + 18, 1]) > 0.1


def test_the_template_is_upright_and_its_unit_the_eyes_distance() -> None:
    track = drawn_track(truth())
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])  # a quarter turn, twice as large
    marks = track.landmarks_px.copy()
    marks[..., :2] = marks[..., :2] @ turn.T.astype(np.float32)
    turned = FaceTrack(0, 0, DRAWN, marks, track.visible, track.score, track.pose)
    rigid = Template.of([(turned, turned.visible)]).rigid
    np.testing.assert_allclose(rigid[1] - rigid[0], (1, 0), atol=1e-4)


def test_frames_without_numbers_take_their_neighbors_and_are_not_valid() -> None:
    track = drawn_track(truth())
    marks = track.landmarks_px.copy()
    marks[10:13] = np.nan
    broken = FaceTrack(0, 0, DRAWN, marks, track.visible, track.score, track.pose)
    placed = place(broken, template=Template.of([(track, track.visible)]), points=POINTS)
    assert not placed.valid[10:13].any()
    assert placed.valid[:10].all()
    assert np.isfinite(placed.mouth).all()


def test_a_cut_is_not_smoothed_over() -> None:
    track = drawn_track(truth(20))
    marks = track.landmarks_px.copy()
    marks[10:, :, 0] += 200
    jumped = FaceTrack(0, 0, DRAWN, marks, track.visible, track.score, track.pose)
    placed = place(jumped, template=Template.of([(track, track.visible)]), points=POINTS)
    assert np.ptp(placed.rigid, axis=0).max() < 1e-4


def test_no_usable_frame_is_an_error() -> None:
    track = drawn_track(truth())
    with pytest.raises(InputError, match="no usable face"):
        Template.of([(track, np.zeros(len(track), bool))])
