"""Heads of different shape are different people; pose, place and size do not matter."""

import numpy as np
import pytest

from avsynth.core.face import FaceTrack
from avsynth.face.identity import head_difference, head_shape, number_people
from avsynth.face.layouts import IBUG_68, MEDIAPIPE_478


def piece(
    person: int, *, start: int, turn: float = 0.0, scale: float = 100.0, spread: float = 0.03, x: int = 300
) -> FaceTrack:
    """A head: a common shape, and ``spread`` of the eyes' distance that is the person's own."""
    common = np.random.default_rng(99).uniform(-1, 1, (478, 3))
    common[[33, 263]] = [[-0.5, 0, 0], [0.5, 0, 0]]
    own = np.random.default_rng(person).normal(0, spread / np.sqrt(3), (478, 3))
    c, s = np.cos(turn), np.sin(turn)
    head = (common + own) @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]).T
    noise = np.random.default_rng(start).normal(0, 0.002, (10, 478, 3))
    points = ((head + noise) * scale + [x, 200, 0]).astype(np.float32)
    flags = np.ones(10, np.bool_)
    return FaceTrack(0, start, MEDIAPIPE_478, points, flags, np.ones(10, np.float32), np.zeros((10, 3), np.float32))


def ids(*shots: list[FaceTrack]) -> list[int]:
    return [track.id for track in number_people(shots)]


def test_the_difference_does_not_depend_on_place_size_or_turn() -> None:
    one, same, other = (
        head_shape(p) for p in (piece(1, start=0), piece(1, start=10, turn=0.3, scale=60), piece(2, start=20))
    )
    assert one is not None
    assert same is not None
    assert other is not None
    assert head_difference(one, same) < 0.003
    assert head_difference(one, other) == pytest.approx(0.03 * np.sqrt(2), rel=0.25)
    assert head_difference(one, other) == pytest.approx(head_difference(other, one), rel=0.1)


def test_one_person_in_many_shots_keeps_the_id() -> None:
    assert ids([piece(1, start=0)], [piece(1, start=10, turn=0.2)], [], [piece(1, start=20, scale=55)]) == [0, 0, 0]


def test_clearly_different_heads_are_two_people_even_if_always_alone() -> None:
    assert ids([piece(1, start=0)], [piece(2, start=10)], [piece(1, start=20)]) == [0, 1, 0]


def test_two_people_who_are_seen_together_are_known_again_alone() -> None:
    together = [piece(1, start=0), piece(2, start=0, x=900)]
    first, second, again = number_people([together, [piece(2, start=30)]])
    assert first.id != second.id
    assert again.id == next(t.id for t in (first, second) if t.landmarks_px[0, 4, 0] > 600)


def test_faces_of_one_shot_are_never_one_person() -> None:
    assert len(set(ids([piece(1, start=0), piece(1, start=0)]))) == 2


def test_flat_faces_are_one_person_only_if_always_alone() -> None:
    flat = FaceTrack(
        5,
        0,
        IBUG_68,
        np.zeros((4, 68, 3), np.float32),
        np.ones(4, np.bool_),
        np.ones(4, np.float32),
        np.zeros((4, 3), np.float32),
    )
    assert head_shape(flat) is None
    assert ids([flat], [flat]) == [0, 0]
    assert len(set(ids([flat, flat], [flat]))) == 3
