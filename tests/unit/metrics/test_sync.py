"""The sync measure on sounds and mouths whose offset was planted."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synth import syllable_sound

from avsynth.core.media import Waveform
from avsynth.metrics.cepstra import COUNT, cepstra
from avsynth.metrics.sync import OpeningJudge, SyncScore, shipped_judge, sync_score, without_sway

RATES = [Fraction(24000, 1001), Fraction(25), Fraction(60)]
SECONDS = 13
LEVEL = OpeningJudge(np.array([0]), np.zeros(COUNT), np.ones(COUNT), np.eye(COUNT)[0])  # louder is wider


def babble(frame_rate: Fraction, *, seed: int = 3, seconds: float = SECONDS) -> np.ndarray:
    """Openings of an irregular rhythm, shut and open in turn."""
    rng = np.random.default_rng(seed)
    knots = np.cumsum(rng.uniform(0.12, 0.35, 200))
    heights = rng.uniform(0.05, 0.24, 200) * (np.arange(200) % 2)
    return np.interp(np.arange(round(seconds * frame_rate)) / float(frame_rate), knots, heights).astype(np.float32)


def heard(opening: np.ndarray, frame_rate: Fraction, *, later: float = 0.0) -> Waveform:
    sound = syllable_sound(opening, frame_rate=frame_rate)
    return Waveform(np.roll(sound.samples, round(later * sound.sample_rate), axis=1), sound.sample_rate)


def score(opening: np.ndarray, sound: Waveform, frame_rate: Fraction, **given: object) -> SyncScore:
    seen = given.pop("measured", np.ones(len(opening), bool))
    return sync_score(sound, opening=opening, measured=seen, frame_rate=frame_rate, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("frame_rate", RATES)
@pytest.mark.parametrize("late", [-0.25, -0.07, 0.0, 0.13, 0.3])
def test_a_planted_offset_is_found_to_a_hundredth_at_any_rate(frame_rate: Fraction, late: float) -> None:
    opening = babble(frame_rate)
    found = score(opening, heard(opening, frame_rate, later=-late), frame_rate, judge=LEVEL)
    assert found.offset_seconds == pytest.approx(late, abs=0.011)  # the picture comes later by as much
    assert found.peak_r > 0.7  # loudness in decibels does not rise evenly with the opening
    assert found.confidence > 0.5
    assert found.frames == len(opening)


@pytest.mark.parametrize("frame_rate", RATES)
def test_the_shipped_judge_hears_a_vowel_that_swells_and_how_far_it_was_moved(frame_rate: Fraction) -> None:
    opening = babble(frame_rate)
    still = score(opening, heard(opening, frame_rate), frame_rate)
    assert still.peak_r > 0.6
    assert abs(still.offset_seconds) <= 0.08  # real lips part before the voice; drawn ones do not
    moved = score(opening, heard(opening, frame_rate, later=0.2), frame_rate)
    assert moved.offset_seconds - still.offset_seconds == pytest.approx(-0.2, abs=0.02)


def test_the_sound_of_another_mouth_is_not_trusted() -> None:
    right, wrong = babble(Fraction(25)), babble(Fraction(25), seed=8)
    good = score(right, heard(right, Fraction(25)), Fraction(25))
    bad = score(right, heard(wrong, Fraction(25)), Fraction(25))
    assert good.confidence > 0.5
    assert bad.confidence < 0.25


def test_frames_that_were_not_measured_may_hold_anything() -> None:
    frame_rate = Fraction(25)
    opening, measured = babble(frame_rate), np.ones(13 * 25, bool)
    measured[40:90] = measured[200:210] = False
    spoilt = np.where(measured, opening, np.nan).astype(np.float32)
    sound = heard(opening, frame_rate, later=0.1)
    clean = score(opening, sound, frame_rate, measured=measured, judge=LEVEL)
    assert score(spoilt, sound, frame_rate, measured=measured, judge=LEVEL) == clean
    assert clean.frames == 13 * 25 - 60
    assert clean.offset_seconds == pytest.approx(-0.1, abs=0.011)


@pytest.mark.parametrize("opening", [np.zeros(100, np.float32), np.full(100, 0.2, np.float32)])
def test_a_still_mouth_follows_nothing(opening: np.ndarray) -> None:
    found = score(opening, heard(babble(Fraction(25), seconds=4), Fraction(25)), Fraction(25), judge=LEVEL)
    assert (found.peak_r, found.confidence) == (0.0, 0.0)


def test_nothing_measured_is_nothing_found() -> None:
    opening = babble(Fraction(25))
    found = score(opening, heard(opening, Fraction(25)), Fraction(25), measured=np.zeros(len(opening), bool))
    assert found == SyncScore(0.0, 0.0, 0.0, 0.0, 0)


def test_cepstra_may_be_given_in_the_sounds_place() -> None:
    opening = babble(Fraction(25))
    sound = heard(opening, Fraction(25))
    rows = cepstra(sound)
    again = sync_score(rows, opening=opening, measured=np.ones(len(opening), bool), frame_rate=Fraction(25))
    assert again == score(opening, sound, Fraction(25))


def test_different_lengths_are_refused() -> None:
    rows, opening, measured = np.zeros((9, COUNT), np.float32), np.zeros(5, np.float32), np.ones(4, bool)
    with pytest.raises(ValueError, match="one length"):
        sync_score(rows, opening=opening, measured=measured, frame_rate=Fraction(25))


def test_the_shipped_judge_is_what_its_card_says() -> None:
    judge = shipped_judge()
    assert judge.context_steps.tolist() == list(range(-20, 21, 5))
    assert judge.weights.shape == judge.mean.shape == judge.deviation.shape == (9 * COUNT,)
    assert (judge.deviation > 0).all()


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40), st.integers(1, 30), st.floats(-5, 5))
def test_a_constant_is_sway(values: list[float], sway: int, level: float) -> None:
    frames = np.cumsum(np.arange(len(values)) % 3 + 1)
    moved = without_sway(np.array(values) + level, frames, sway=sway)
    np.testing.assert_allclose(moved, without_sway(np.array(values), frames, sway=sway), atol=1e-9)
