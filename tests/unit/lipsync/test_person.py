from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from drawn_track import DRAWN, drawn_track
from synth import Truth, syllables

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack, MouthMotion
from avsynth.lipsync.lips import features
from avsynth.lipsync.person import SHAPE_BASIS, PersonMouth
from avsynth.lipsync.visemes import BASIS

RATE = Fraction(25)


def track_of(openings: np.ndarray, *, noise_px: float = 0.0) -> FaceTrack:
    count = len(openings)
    middle = np.stack([320 + 10 * np.sin(np.arange(count) / 9), np.full(count, 200.0)], 1)
    eyes = middle[:, None] + np.array([[-48.0, 0.0], [48.0, 0.0]])
    return drawn_track(Truth(Path("none"), RATE, openings, eyes, middle), noise_px=noise_px)


@pytest.fixture(scope="module")
def talker() -> tuple[PersonMouth, FaceTrack]:
    track = track_of(syllables(150), noise_px=0.1)
    return PersonMouth.learn([(track, track.visible)]), track


def motion(*rows: tuple[float, ...], basis: str = BASIS) -> MouthMotion:
    return MouthMotion(basis, np.array(rows, np.float32), RATE)


def drawn(person: PersonMouth, track: FaceTrack, *rows: tuple[float, ...]) -> np.ndarray:
    placed = person.place(track.cut(0, len(rows)))
    return features(person.shapes(motion(*rows), placed=placed), points=person.points)


def test_opening_runs_from_lips_pressed_shut_to_the_persons_own_widest(talker: tuple[PersonMouth, FaceTrack]) -> None:
    person, track = talker
    shut, half, wide = drawn(person, track, (0, 0, 0, 0, 0), (0.5, 0, 0, 0, 0.5), (1, 0, 0, 0, 1))[:, 0]
    assert shut == pytest.approx(-0.008, abs=0.003)  # not merely touching: pressed
    assert wide == pytest.approx(np.quantile(syllables(150), 0.93), rel=0.06)
    assert half == pytest.approx(wide / 2, rel=0.1)


def test_width_and_tuck_act_in_their_directions(talker: tuple[PersonMouth, FaceTrack]) -> None:
    person, track = talker
    rest, narrow, wide, tucked = drawn(
        person, track, (0.2, 0, 0, 0, 0), (0.2, -1, 1, 0, 0), (0.2, 1, 0, 0, 0), (0.2, 0, 0, 1, 0)
    )
    assert narrow[1] < rest[1] - 0.04
    assert wide[1] > rest[1] + 0.02
    assert tucked[3] < rest[3]


def test_following_a_person_gives_their_own_lips_back(talker: tuple[PersonMouth, FaceTrack]) -> None:
    person, track = talker
    follow = person.follow(track, frame_rate=RATE)
    assert follow.basis == SHAPE_BASIS
    placed = person.place(track)
    lips = person.points.lips
    shapes = person.shapes(follow, placed=placed)
    np.testing.assert_allclose(shapes[:, lips], placed.mouth[:, lips], atol=1e-5)


def test_speech_that_was_read_can_be_repeated(talker: tuple[PersonMouth, FaceTrack]) -> None:
    person, track = talker
    read = person.read(track, frame_rate=RATE)
    assert read.basis == BASIS
    shapes = person.shapes(read, placed=person.place(track))
    opening = features(shapes, points=person.points)[:, 0]
    assert np.corrcoef(opening, syllables(150))[0, 1] > 0.98


def test_one_closed_frame_is_enough_to_open_a_mouth() -> None:
    track = track_of(np.zeros(1))
    person = PersonMouth.learn([(track, track.visible)])
    (wide,) = drawn(person, track, (1, 0, 0, 0, 1))
    assert 0.1 < wide[0] < 0.3


def test_landmarks_that_are_no_numbers_are_left_out(talker: tuple[PersonMouth, FaceTrack]) -> None:
    _, track = talker
    marks = track.landmarks_px.copy()
    marks[5:40] = np.nan
    broken = FaceTrack(0, 0, DRAWN, marks, track.visible, track.score, track.pose)
    person = PersonMouth.learn([(broken, broken.visible)])
    assert np.isfinite(person.effect).all()
    assert person.high[0] == pytest.approx(np.quantile(syllables(150), 0.93), rel=0.1)


def test_unknown_motion_and_mixed_landmarks_are_errors(talker: tuple[PersonMouth, FaceTrack]) -> None:
    person, track = talker
    with pytest.raises(InputError, match="basis"):
        person.shapes(motion((0,), basis="eyebrows"), placed=person.place(track.cut(0, 1)))
    with pytest.raises(InputError, match="2 frames"):
        person.shapes(motion((0, 0, 0, 0, 0), (0, 0, 0, 0, 0)), placed=person.place(track.cut(0, 1)))
    other = replace(track, layout=replace(DRAWN, name="other"))
    with pytest.raises(InputError, match="different landmark engines"):
        PersonMouth.learn([(track, track.visible), (other, other.visible)])
