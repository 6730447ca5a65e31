"""Whose mouth moves in whose lines."""

from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack
from avsynth.core.script import Script, Utterance
from avsynth.core.span import Span
from avsynth.face.assign import speaking_tracks
from avsynth.face.layouts import IBUG_68

RATE = Fraction(25)


def face(number: int, *, talking: list[range], start: int = 0, count: int = 200, seed: int = 0) -> FaceTrack:
    """A face whose lips tremble a little, and open and close in the frames ``talking`` of the film."""
    rng = np.random.default_rng(seed + number)
    opening = np.abs(rng.normal(0, 0.001, count))
    for frames in talking:
        for frame in frames:
            if start <= frame < start + count:
                opening[frame - start] += 0.1 * (1 + np.sin(frame * 1.3))
    points = np.zeros((count, 68, 3), np.float32)
    points[:, 36, 0], points[:, 45, 0] = -50, 50
    for upper, lower in IBUG_68.opening:
        points[:, upper, 1], points[:, lower, 1] = -50 * opening, 50 * opening
    points[..., 0] += 200 + 300 * number
    flags = np.ones(count, np.bool_)
    return FaceTrack(
        number, start, IBUG_68, points, flags, np.ones(count, np.float32), np.zeros((count, 3), np.float32)
    )


def script(*lines: tuple[str, str, str], hidden: tuple[str, ...] = ()) -> Script:
    return Script(
        tuple(
            Utterance(str(i), Span(Fraction(a), Fraction(b)), who, "hola", "es", on_screen=who not in hidden)
            for i, (who, a, b) in enumerate(lines)
        )
    )


TWO = script(("Ana", "0", "2"), ("Bo", "3", "5"), ("Ana", "6", "7"))
ANA, BO = [range(50), range(150, 175)], [range(75, 125)]


def test_one_speaker_with_one_face_needs_no_talking() -> None:
    assert speaking_tracks([face(0, talking=[])], script(("Ana", "0", "2")), frame_rate=RATE) == {"Ana": 0}


def test_each_speaker_gets_the_mouth_that_moves_in_their_lines() -> None:
    faces = [face(0, talking=BO), face(1, talking=ANA), face(2, talking=[])]
    assert speaking_tracks(faces, TWO, frame_rate=RATE) == {"Ana": 1, "Bo": 0}


def test_pieces_of_one_person_count_together() -> None:
    faces = [face(4, talking=ANA, count=60), face(4, talking=ANA, start=140, count=60), face(5, talking=BO)]
    assert speaking_tracks(faces, TWO, frame_rate=RATE) == {"Ana": 4, "Bo": 5}


def test_a_speaker_who_is_not_seen_is_left_out() -> None:
    faces = [face(0, talking=ANA)]
    lines = script(("Ana", "0", "2"), ("Narrator", "9", "11"))
    assert speaking_tracks(faces, lines, frame_rate=RATE) == {"Ana": 0}
    hidden = script(("Ana", "0", "2"), ("Narrator", "3", "4"), hidden=("Narrator",))
    assert speaking_tracks(faces, hidden, frame_rate=RATE) == {"Ana": 0}
    assert speaking_tracks([], lines, frame_rate=RATE) == {}


def test_two_mouths_that_move_alike_are_asked_about() -> None:
    faces = [face(0, talking=ANA), face(1, talking=ANA)]
    with pytest.raises(
        InputError, match=r"--face Ana=TRACK; the faces are: track 0 \(frames 0-199; .*track 1"
    ) as caught:
        speaking_tracks(faces, script(("Ana", "0", "2")), frame_rate=RATE)
    assert "\n" not in str(caught.value)


def test_two_faces_that_keep_still_are_asked_about() -> None:
    with pytest.raises(InputError, match="not clear whose mouth"):
        speaking_tracks([face(0, talking=[]), face(1, talking=[])], script(("Ana", "0", "2")), frame_rate=RATE)


def test_one_face_for_two_speakers_is_asked_about() -> None:
    with pytest.raises(InputError, match="'Ana' and 'Bo' seem to speak with the same face, track 0"):
        speaking_tracks([face(0, talking=ANA + BO)], TWO, frame_rate=RATE)


def test_a_persons_word_is_taken() -> None:
    faces = [face(0, talking=ANA), face(1, talking=ANA)]
    one = script(("Ana", "0", "2"))
    assert speaking_tracks(faces, one, frame_rate=RATE, given={"Ana": 0}) == {"Ana": 0}
    both = [face(0, talking=ANA), face(1, talking=BO)]
    assert speaking_tracks(both, TWO, frame_rate=RATE, given={"Ana": 1, "Bo": 0}) == {"Ana": 1, "Bo": 0}


@pytest.mark.parametrize(("given", "message"), [({"Cy": 0}, "'Cy', who has no line"), ({"Ana": 7}, "no such face")])
def test_a_word_about_nobody_is_an_error(given: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        speaking_tracks([face(0, talking=ANA)], TWO, frame_rate=RATE, given=given)
