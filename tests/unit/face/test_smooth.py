"""Smoothing takes away jitter and nothing else."""

import numpy as np
import pytest

from avsynth.face.layouts import MEDIAPIPE_478 as LAYOUT
from avsynth.face.smooth import smooth


def film(count: int = 60, *, jitter_px: float = 0.0, seed: int = 0) -> np.ndarray:
    """A head of 100 px that drifts, with lips that do as they like."""
    rng = np.random.default_rng(seed)
    face = rng.uniform(-60, 60, (LAYOUT.points, 2))
    face[list(LAYOUT.eye_corners)] = [[-50, 0], [50, 0]]
    t = np.arange(count)[:, None, None]
    points = face + np.concatenate([300 + 0.8 * t + 0.01 * t**2, 200 - 0.5 * t], axis=-1)
    lips = [*LAYOUT.outer_lip, *LAYOUT.inner_lip]
    points[:, lips] += rng.uniform(-4, 4, (count, len(lips), 2))  # as jerky as can be: it must survive
    points += rng.normal(0, jitter_px, (count, 1, 2))  # the whole face trembles
    out = np.zeros((count, LAYOUT.points, 3), np.float32)
    out[..., :2] = points
    return out


ALL = np.ones(60, np.bool_)


def test_the_opening_is_exactly_what_was_measured() -> None:
    points = film(jitter_px=0.4)
    steady = smooth(points, visible=ALL, layout=LAYOUT)
    assert LAYOUT.mouth_opening(steady) == pytest.approx(LAYOUT.mouth_opening(points), rel=0.01, abs=1e-4)
    assert LAYOUT.mouth_width(steady) == pytest.approx(LAYOUT.mouth_width(points), rel=0.01)


def test_a_steady_motion_is_left_where_it_is() -> None:
    points = film()
    moved = smooth(points, visible=ALL, layout=LAYOUT) - points
    assert np.abs(moved).max() < 0.01


def test_trembling_is_halved() -> None:
    truth, points = film(), film(jitter_px=0.4)
    before = (points - truth)[:, list(LAYOUT.rigid), :2].std()
    after = (smooth(points, visible=ALL, layout=LAYOUT) - truth)[:, list(LAYOUT.rigid), :2].std()
    assert after < 0.65 * before  # window 7, order 2: white noise is left with 0.577 of its deviation


def test_a_jump_of_the_whole_head_is_not_smeared() -> None:
    points = film()
    points[30:, :, 0] += 40
    moved = smooth(points, visible=ALL, layout=LAYOUT) - points
    assert np.abs(moved).max() < 2.1  # 0.01 of the face's scale for the head, as much for the shape


def test_nothing_reaches_over_frames_without_a_face() -> None:
    points, visible = film(jitter_px=0.4), ALL.copy()
    visible[30:33] = False
    whole = smooth(points, visible=visible, layout=LAYOUT)
    assert np.array_equal(whole[:30], smooth(points[:30], visible=ALL[:30], layout=LAYOUT))
    assert np.array_equal(whole[33:], smooth(points[33:], visible=ALL[33:], layout=LAYOUT))
    assert np.array_equal(whole[30:33], points[30:33])


def test_too_short_a_run_is_left_alone() -> None:
    points = film(6, jitter_px=0.4)
    assert np.array_equal(smooth(points, visible=ALL[:6], layout=LAYOUT), points)
