"""Self-reenactment of a drawn person, whose mouth and sound are known."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from synth import Truth, draw_film, syllable_sound, syllables, write_film

from avsynth.core.errors import InputError
from avsynth.metrics.reenactment import ORACLE, SOUND, STATIC, ReenactmentScores, reenact_self

pytestmark = pytest.mark.weights
COUNT = 40


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    openings = syllables(COUNT, rate_hz=2.3)
    sound = syllable_sound(openings, frame_rate=25)
    path = tmp_path_factory.mktemp("drawn") / "person.mp4"
    return draw_film(path, openings=openings, size=(320, 288), scale_px=80, pan=(12, 4), audio=sound)


@pytest.fixture(scope="module")
def scores(truth: Truth) -> ReenactmentScores:
    return reenact_self(truth.path)


def test_the_clip_is_split_and_every_frame_of_its_end_is_measured(scores: ReenactmentScores) -> None:
    assert (scores.split_frame, scores.bank_frames) == (28, 28)
    assert [(made.method, made.frames) for made in scores.methods] == [(ORACLE, 12), (STATIC, 12), (SOUND, 12)]


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
    assert still.opening_r < oracle.opening_r


def test_sound_moves_the_mouth_better_than_nothing(scores: ReenactmentScores) -> None:
    heard, still = scores[SOUND], scores[STATIC]
    assert heard.opening_r > 0.8
    assert heard.lmd < still.lmd
    assert heard.psnr_db > still.psnr_db


def test_a_silent_clip_is_measured_without_sound(tmp_path: Path) -> None:
    drawn = draw_film(tmp_path / "silent.mp4", openings=syllables(16), size=(320, 288), scale_px=80)
    made = reenact_self(drawn.path, split=Fraction(1, 2))
    assert [method.method for method in made.methods] == [ORACLE, STATIC]
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
