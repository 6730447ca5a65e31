"""Heads of different shape are different people; pose, place and size do not matter."""

import cv2
import numpy as np
import pytest

from avsynth.core.face import FaceTrack
from avsynth.face.appearance import Look, skin_difference
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


def flat(start: int) -> FaceTrack:
    points = np.zeros((4, 68, 3), np.float32)
    flags = np.ones(4, np.bool_)
    return FaceTrack(5, start, IBUG_68, points, flags, np.ones(4, np.float32), np.zeros((4, 3), np.float32))


def look(person: int, *, light: float = 1.0, tint: tuple[float, float, float] = (1.0, 1.0, 1.0), shot: int = 0) -> Look:
    """A pattern of spots, of the size of brows and nostrils, that is the person's own."""
    spots = cv2.GaussianBlur(np.random.default_rng(person).normal(0, 1, (48, 48)).astype(np.float32), (0, 0), 1.5)
    slope = np.linspace(1.3, 0.7, 48) if shot % 2 else np.linspace(0.8, 1.2, 48)
    noise = np.random.default_rng(shot + 50).normal(0, 1, (3, 48, 48, 3))
    skin = (110 + 150 * spots)[..., None] * slope[:, None] * np.array(tint)
    return Look.of(np.clip(light * skin + noise, 0, 255).astype(np.uint8))


def test_flat_faces_without_a_look_are_never_taken_for_one_person() -> None:
    assert head_shape(flat(0)) is None
    assert len(set(ids([flat(0)], [flat(4)]))) == 2
    assert len(set(ids([flat(0), flat(0)], [flat(4)]))) == 3


def test_flat_faces_are_known_by_their_look() -> None:
    shots = [[flat(0)], [flat(4)], [flat(8)]]
    found = number_people(shots, looks=[[look(1)], [look(2)], [look(1, light=0.6, shot=1)]])
    assert [track.id for track in found] == [0, 1, 0]


def test_heads_that_are_alike_are_two_people_if_they_look_different() -> None:
    shots = [[piece(1, start=0)], [piece(1, start=10)], [piece(1, start=20, turn=0.2)]]
    found = number_people(shots, looks=[[look(1)], [look(2)], [look(1, light=1.2, shot=1)]])
    assert [track.id for track in found] == [0, 1, 0]


def test_one_look_on_two_heads_is_two_people() -> None:
    shots = [[piece(1, start=0)], [piece(2, start=10, spread=0.08)]]
    assert [track.id for track in number_people(shots, looks=[[look(1)], [look(1)]])] == [0, 1]


def test_who_may_be_either_of_two_people_seen_together_is_neither() -> None:
    shots = [[piece(1, start=0), piece(1, start=0, x=900)], [piece(1, start=10)]]
    assert sorted(track.id for track in number_people(shots, looks=[[look(1)] * 2, [look(1)]])) == [0, 1, 2]


def test_the_color_of_skin_is_compared_and_its_brightness_is_not() -> None:
    assert skin_difference(look(1), look(1, light=0.6)) < 0.003
    tinted = look(1, tint=(1.2, 1.0, 0.6))  # of 1/3 each, blue becomes 0.6 of 2.8
    assert skin_difference(look(1), tinted) == pytest.approx(1 / 3 - 0.6 / 2.8, abs=0.005)


def test_a_face_that_only_differs_in_light_is_one_person() -> None:
    shots = [[piece(1, start=10 * shot)] for shot in range(6)]
    looks = [[look(1, light=0.5 + 0.2 * shot, shot=shot)] for shot in range(6)]
    assert {track.id for track in number_people(shots, looks=looks)} == {0}
