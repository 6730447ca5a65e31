"""The rate behind rounded times is the exact one."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.media.rate import STANDARD, exact_rate, snap


@given(rate=st.sampled_from(STANDARD), count=st.integers(2, 3000), start=st.integers(0, 10**9))
def test_exact_ticks_give_the_exact_rate(rate, count, start):
    pts = start + np.arange(count, dtype=np.int64) * rate.denominator
    assert exact_rate(pts, time_base=1 / Fraction(rate.numerator)) == (rate, False)


@given(rate=st.sampled_from(STANDARD), count=st.integers(2, 5000))
def test_milliseconds_and_the_containers_word_give_the_exact_rate(rate, count):
    """Matroska rounds times to milliseconds and the duration of a frame to nanoseconds."""
    pts = np.array([round(Fraction(k * 1000) / rate) for k in range(count)], np.int64)
    stated = Fraction(10**9, round(10**9 / rate))
    assert exact_rate(pts, time_base=Fraction(1, 1000), hints=[stated]) == (rate, False)


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(24), Fraction(30000, 1001), Fraction(30)])
def test_a_minute_of_milliseconds_is_enough_without_it(rate):
    pts = np.array([round(Fraction(k * 1000) / rate) for k in range(int(rate * 60))], np.int64)
    assert exact_rate(pts, time_base=Fraction(1, 1000)) == (rate, False)


def test_a_wrong_word_is_not_believed():
    pts = np.arange(100, dtype=np.int64) * 3600
    assert exact_rate(pts, time_base=Fraction(1, 90_000), hints=[Fraction(30)]) == (Fraction(25), False)


def test_an_odd_rate_stays_itself():
    pts = np.arange(50, dtype=np.int64) * 7
    assert exact_rate(pts, time_base=Fraction(1, 100)) == (Fraction(100, 7), False)


def test_one_missing_picture_is_a_varying_rate():
    pts = np.delete(np.arange(50, dtype=np.int64) * 3600, 20)
    assert exact_rate(pts, time_base=Fraction(1, 90_000), hints=[Fraction(25)])[1]


def test_a_still_has_its_stated_rate():
    assert exact_rate(np.array([7]), time_base=Fraction(1, 25), hints=[Fraction(2997, 100)])[0] == Fraction(30000, 1001)


def test_snapping_leaves_others_alone():
    assert snap(Fraction(2997, 100)) == Fraction(30000, 1001)
    assert snap(Fraction(29)) == 29
