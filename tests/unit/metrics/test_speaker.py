"""Likeness and errors of vectors whose angles are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.metrics.speaker import equal_error, speaker_similarity, verification


def at(degrees: float) -> np.ndarray:
    """A unit vector of the plane: two of them have the cosine of their angle's difference."""
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])


def test_the_right_voices_score_what_their_angles_say() -> None:
    found = speaker_similarity({"a": [at(0), at(60)], "b": [at(90)]}, real={"a": [at(0), at(0)], "b": [at(90)]})
    assert (found.count, found.voices) == (3, 2)
    assert found.own == pytest.approx((1 + 0.5 + 1) / 3)
    assert found.others == pytest.approx((0 + np.sqrt(0.75) + 0) / 3)
    assert found.hit == pytest.approx(2 / 3)  # the one at 60 degrees is nearer to the one at 90
    assert found.low == pytest.approx(0.5 + 0.2 * 0.5)  # a fifth of the way from the least to the next


def test_cosines_are_averaged_and_not_vectors() -> None:
    # The mean of two vectors 60 degrees to either side would be exactly the made one.
    assert speaker_similarity({"a": [at(0)]}, real={"a": [at(60), at(-60)]}).own == pytest.approx(0.5)


def test_one_voice_alone_is_not_like_others() -> None:
    found = speaker_similarity({"a": [at(10)]}, real={"a": [at(0)]})
    assert np.isnan(found.others)
    assert found.hit == 1


def test_voices_that_were_not_made_are_others_all_the_same() -> None:
    found = speaker_similarity({"a": [at(0)]}, real={"a": [at(0)], "b": [at(90)], "c": [at(60)]})
    assert (found.voices, found.others) == (3, pytest.approx(0.25))


def test_what_cannot_be_measured_is_an_error() -> None:
    with pytest.raises(ValueError, match="no real utterance of 'b'"):
        speaker_similarity({"b": [at(0)]}, real={"a": [at(0)], "b": []})
    with pytest.raises(ValueError, match="nothing to measure"):
        speaker_similarity({}, real={"a": [at(0)]})
    with pytest.raises(ValueError, match="pairs of two"):
        verification({"a": [at(0), at(1)]})


def test_every_pair_is_held_against_every_other() -> None:
    found = verification({"a": [at(0), at(10), at(20)], "b": [at(90), at(100)]})
    assert found.pairs == 4
    assert found.own == pytest.approx((3 * np.cos(np.radians(10)) + np.cos(np.radians(20))) / 4)
    assert found.equal_error == 0
    assert np.cos(np.radians(70)) < found.threshold < np.cos(np.radians(20))


@given(st.floats(0.01, 3.0), st.integers(20, 200).map(lambda half: 2 * half))
def test_errors_are_those_of_two_bells(distance: float, count: int) -> None:
    """Evenly spaced quantiles of two normal bells of width 1 cross where the lower tail is as large as the upper."""
    from scipy.stats import norm

    bell = norm.ppf((np.arange(count) + 0.5) / count)
    rate, threshold = equal_error(bell + distance, others=bell)
    assert rate == pytest.approx(norm.cdf(-distance / 2), abs=1.5 / count)
    assert equal_error(bell, others=bell - distance)[0] == pytest.approx(rate, abs=1e-9)
    assert -0.5 < threshold < distance + 0.5
