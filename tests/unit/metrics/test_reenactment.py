"""Self-reenactment of a drawn person, whose mouth and sound are known."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from synth import Truth, draw_film, syllable_sound, syllables, write_film

from avsynth.core.errors import InputError
from avsynth.metrics.reenactment import (
    ORACLE,
    SOUND,
    STATIC,
    TRUTH,
    WORDS,
    Case,
    Person,
    ReenactmentScores,
    find_person,
    reenact_self,
)

pytestmark = pytest.mark.weights
COUNT = 40


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    openings = syllables(COUNT, rate_hz=2.3)
    sound = syllable_sound(openings, frame_rate=25)
    path = tmp_path_factory.mktemp("drawn") / "person.mp4"
    return draw_film(path, openings=openings, size=(320, 288), scale_px=80, pan=(12, 4), audio=sound)


@pytest.fixture(scope="module")
def person(truth: Truth) -> Person:
    return find_person(truth.path)


@pytest.fixture(scope="module")
def scores(person: Person) -> ReenactmentScores:
    return reenact_self(person, case=Case(pictures=4))


def test_the_clip_is_split_and_every_frame_of_its_end_is_measured(scores: ReenactmentScores) -> None:
    assert (scores.split_frame, scores.bank_frames) == (28, 28)
    assert [(made.method, made.frames) for made in scores.methods] == [(m, 12) for m in (TRUTH, ORACLE, STATIC, SOUND)]


def test_the_truth_scores_what_an_unchanged_picture_does(scores: ReenactmentScores) -> None:
    true = scores[TRUTH]
    assert (true.psnr_db, true.ssim, true.lmd) == (100, pytest.approx(1), 0)
    assert (true.opening_r, true.width_r) == (pytest.approx(1), pytest.approx(1))
    assert (true.motion_ratio, true.sharpness_ratio, true.flicker, true.seam) == (1, 1, 0, 0)


def test_what_cannot_be_measured_is_left_open(scores: ReenactmentScores) -> None:
    for made in scores.methods:  # half a second of end, all of it voiced, and no words
        assert (made.sync_r, made.sync_offset, made.sync_confidence, made.closure) == (None, None, None, None)


def test_the_drawn_face_looks_straight_ahead(scores: ReenactmentScores) -> None:
    low, high = scores.yaw
    assert -8 < low <= high < 8


def test_pictures_for_the_eye_are_of_the_same_frames(scores: ReenactmentScores) -> None:
    assert list(scores.pictures) == [TRUTH, ORACLE, STATIC, SOUND]
    frames = [list(kept) for kept in scores.pictures.values()]
    assert frames == [[28, 31, 35, 39]] * 4
    ((height, width, _),) = {picture.shape for kept in scores.pictures.values() for picture in kept.values()}
    assert height == width == pytest.approx(120, rel=0.03)  # 1.5 of 80 pixels, as far as the eyes are found


def test_a_photo_is_one_frame_and_worse_than_film(person: Person, scores: ReenactmentScores) -> None:
    photo = reenact_self(person, case=Case(methods=(ORACLE,), bank_seconds=Fraction(0)))
    assert photo.bank_frames == 1
    assert photo[ORACLE].psnr_db < scores[ORACLE].psnr_db


def test_a_short_bank_is_as_short_as_asked(person: Person) -> None:
    brief = reenact_self(person, case=Case(methods=(STATIC,), bank_seconds=Fraction(2, 5)))
    assert (brief.bank_frames, [made.method for made in brief.methods]) == (10, [STATIC])


def test_words_need_a_transcript_and_methods_a_name(person: Person) -> None:
    made = reenact_self(person, case=Case(methods=(WORDS,), transcript="papa mama papa", language="en"))
    assert [method.method for method in made.methods] == [WORDS]
    with pytest.raises(InputError, match="magic"):
        reenact_self(person, case=Case(methods=("magic",)))


def test_the_true_motion_brings_the_true_picture_back(scores: ReenactmentScores) -> None:
    made = scores[ORACLE]
    assert made.psnr_db > 28
    assert made.ssim > 0.87
    assert made.lmd < 0.01
    assert made.opening_r > 0.97
    assert 0.85 < made.motion_ratio < 1.15
    assert 0.85 < made.sharpness_ratio < 1.15
    assert made.seam < 1


def test_a_mouth_at_rest_is_worse_in_every_way(scores: ReenactmentScores) -> None:
    oracle, still = scores[ORACLE], scores[STATIC]
    assert still.psnr_db < oracle.psnr_db - 5
    assert still.ssim < oracle.ssim - 0.1
    assert still.lmd > 3 * oracle.lmd
    assert still.motion_ratio < 0.5
    assert still.flicker < 0.1
    assert still.opening_r < oracle.opening_r


def test_sound_moves_the_mouth_better_than_nothing(scores: ReenactmentScores) -> None:
    heard, still = scores[SOUND], scores[STATIC]
    assert heard.opening_r > 0.8
    assert heard.lmd < still.lmd
    assert heard.psnr_db > still.psnr_db


def test_a_silent_clip_is_measured_without_sound(tmp_path: Path) -> None:
    drawn = draw_film(tmp_path / "silent.mp4", openings=syllables(16), size=(320, 288), scale_px=80)
    made = reenact_self(drawn.path, split=Fraction(1, 2))
    assert [method.method for method in made.methods] == [TRUTH, ORACLE, STATIC]
    assert made.split_frame == 8
    with pytest.raises(KeyError, match="was not measured"):
        made[SOUND]


@pytest.mark.parametrize("split", [Fraction(0), Fraction(1), Fraction(3, 2)])
def test_a_split_must_leave_both_parts(truth: Truth, split: Fraction) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        reenact_self(truth.path, split=split)


def test_a_film_without_a_face_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wall.mp4"
    write_film(path, (np.full((128, 128, 3), 90, np.uint8) for _ in range(6)), frame_rate=25)
    with pytest.raises(InputError, match="shows no face"):
        reenact_self(path)
