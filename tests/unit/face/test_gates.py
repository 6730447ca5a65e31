"""Gates: the right frames, the right reasons, and no flicker."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.face import FaceTrack
from avsynth.face.gates import GateLimits, judge
from avsynth.face.layouts import IBUG_68

SIZE = (480, 640)


def track(
    count: int = 40,
    *,
    start: int = 100,
    yaw: object = 0.0,
    pitch: object = 0.0,
    scale: object = 90.0,
    score: object = 0.99,
    hidden: range = range(0),
    shift: float = 0.0,
) -> FaceTrack:
    """A track of 68 points: eyes a given distance apart, everything else between them."""
    points = np.zeros((count, 68, 3), np.float32)
    points[..., 0] = 320 + shift
    points[..., 1] = 240
    half = np.broadcast_to(np.asarray(scale, np.float32) / 2, count)
    points[:, 36, 0] -= half
    points[:, 45, 0] += half
    visible = np.ones(count, np.bool_)
    visible[list(hidden)] = False
    pose = np.zeros((count, 3), np.float32)
    pose[:, 0], pose[:, 1] = yaw, pitch
    scores = np.broadcast_to(np.asarray(score, np.float32), count) * visible
    return FaceTrack(0, start, IBUG_68, points, visible, scores.astype(np.float32), pose)


def told(face: FaceTrack, **more: object) -> list[tuple[int, int, str]]:
    return [(p.start, p.end, p.reason) for p in judge(face, frame_size=SIZE, **more).passed_through]  # type: ignore[arg-type]


def test_a_good_face_passes_whole() -> None:
    judgement = judge(track(), frame_size=SIZE)
    assert judgement.usable.all()
    assert judgement.passed_through == ()


def test_every_reason_is_told_with_its_number() -> None:
    assert told(track(hidden=range(10, 12))) == [(110, 112, "no face")]
    assert told(track(scale=31.0)) == [(100, 140, "face too small (31 px < 40)")]
    assert told(track(yaw=-52.0)) == [(100, 140, "turned away (yaw -52)")]
    assert told(track(pitch=47.0)) == [(100, 140, "turned away (pitch 47)")]
    assert told(track(score=0.25)) == [(100, 140, "landmark score low (0.25)")]
    assert told(track(shift=330.0)) == [(100, 140, "outside the frame")]


def test_a_lost_face_is_no_low_score() -> None:
    assert told(track(hidden=range(0, 40))) == [(100, 140, "no face")]


def test_a_slow_turn_is_gated_once_and_opens_again_later_than_it_closed() -> None:
    yaw = np.concatenate([np.linspace(0, 50, 26), np.linspace(48, 0, 25)]).astype(np.float32)
    ((start, end, reason),) = told(track(len(yaw), yaw=yaw, start=0))
    assert yaw[start - 1] <= 40 < yaw[start]
    assert yaw[end] <= 36 < yaw[end - 1]
    assert reason == "turned away (yaw 50)"


def test_trembling_at_the_limit_does_not_flicker() -> None:
    yaw = np.full(60, 39.0, np.float32)
    yaw[10:50:2] = 41
    assert len(told(track(60, yaw=yaw))) == 1


def test_a_short_turn_is_overlooked_and_a_short_loss_is_not() -> None:
    yaw = np.zeros(40, np.float32)
    yaw[20:23] = 45
    assert told(track(yaw=yaw)) == []
    assert told(track(hidden=range(20, 23))) == [(120, 123, "no face")]


def test_a_few_good_frames_between_failures_are_not_changed() -> None:
    assert told(track(hidden=[*range(10, 15), *range(18, 25)])) == [(110, 125, "no face")]  # type: ignore[arg-type]


def test_poses_beyond_the_bank_are_gated() -> None:
    bank = np.array([[-5, 0, 0], [15, 4, 0]], np.float32)
    assert judge(track(yaw=24.0), frame_size=SIZE, bank_pose=bank).usable.all()
    assert not judge(track(yaw=26.0), frame_size=SIZE, bank_pose=bank).usable.any()
    assert not judge(track(yaw=-16.0), frame_size=SIZE, bank_pose=bank).usable.any()
    assert judge(track(yaw=26.0), frame_size=SIZE, bank_pose=bank, limits=GateLimits(bank_margin=12)).usable.all()


@given(
    yaw=st.lists(st.floats(-60, 60), min_size=1, max_size=80),
    hidden=st.sets(st.integers(0, 79)),
    seed=st.integers(0, 9),
)
def test_runs_tile_exactly_the_frames_that_are_not_usable(yaw: list[float], hidden: set[int], seed: int) -> None:
    scale = np.random.default_rng(seed).uniform(30, 60, len(yaw))
    face = track(len(yaw), yaw=yaw, scale=scale, hidden=[i for i in hidden if i < len(yaw)])  # type: ignore[arg-type]
    judgement = judge(face, frame_size=SIZE)
    covered = np.ones(len(yaw), np.bool_)
    last = face.start
    for item in judgement.passed_through:
        assert last <= item.start < item.end
        assert item.reason
        covered[item.start - face.start : item.end - face.start] = False
        last = item.end
    assert np.array_equal(covered, judgement.usable)
    assert not (judgement.usable & ~face.visible).any()


def test_a_limit_is_a_setting() -> None:
    assert judge(track(scale=31.0), frame_size=SIZE, limits=GateLimits(scale_px=25)).usable.all()
    with pytest.raises(AttributeError):
        GateLimits().yaw = 3  # type: ignore[misc]


def covered(*runs: tuple[int, int], level: float = 12.0) -> FaceTrack:
    face = track()
    covering = np.full(len(face), 2.0, np.float32)
    for start, end in runs:
        covering[start:end] = level
    return replace(face, covering=covering)


def test_what_is_before_the_mouth_passes_through_with_a_margin() -> None:
    why = "something is before the mouth"
    assert told(covered((20, 24))) == [(118, 126, why)]
    assert told(covered((20, 24), (27, 30))) == [(118, 132, why)]  # not a mouth for three frames between two hands
    assert told(covered((0, 3))) == [(100, 105, why)]
    assert told(covered((20, 21))) == []  # one frame is an unusual mouth
    assert told(covered((20, 24), level=6.9)) == []
    assert told(covered((20, 24)), limits=GateLimits(covering=13)) == []


def test_a_cover_keeps_through_a_short_track() -> None:
    short = covered((10, 14)).cut(110, 113)
    assert not judge(short, frame_size=SIZE).usable.any()
