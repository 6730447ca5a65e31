"""Planted lateness is found to the sample, and moved phonemes to the millisecond."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.metrics.timing import duration_error, timeline_error


@pytest.mark.parametrize("late", [-7, 0, 1, 480])
def test_lateness_is_counted_in_samples(late: int) -> None:
    sound = Waveform(np.zeros((1, 48_000 + late), np.float32), 24_000)
    assert duration_error(sound, wanted=Fraction(2)) == late


def test_a_wish_between_two_samples_is_met_by_the_nearest() -> None:
    sound = Waveform(np.zeros((1, 8), np.float32), 24_000)
    assert duration_error(sound, wanted=Fraction(83, 240_000)) == 0


def timeline(symbols: str, *, shift: str = "0", step: str = "0.1") -> PhonemeTimeline:
    start, size = Fraction(shift), Fraction(step)
    spans = [PhonemeSpan(s, Span(start + i * size, start + (i + 1) * size)) for i, s in enumerate(symbols)]
    return PhonemeTimeline(tuple(spans), Fraction(10))


def test_a_shift_is_what_all_phonemes_are_off_by() -> None:
    found = timeline_error(timeline("halo", shift="0.02"), truth=timeline("halo"))
    assert (found.matched, found.missed) == (4, 0)
    assert found.median_seconds == pytest.approx(0.02)
    assert found.nine_of_ten_seconds == pytest.approx(0.02)


def test_a_phoneme_too_many_leaves_the_others_comparable() -> None:
    found = timeline_error(timeline("haxlo"), truth=timeline("halo"))
    assert (found.matched, found.missed) == (4, 0)
    assert found.nine_of_ten_seconds == pytest.approx(0.1)  # what comes after it is late by its length
    assert timeline_error(timeline("hlo"), truth=timeline("halo")).missed == 1


def test_nothing_shared_has_no_error_to_tell() -> None:
    found = timeline_error(timeline("abc"), truth=timeline("xy"))
    assert (found.matched, found.missed) == (0, 2)
    assert math.isnan(found.median_seconds)
