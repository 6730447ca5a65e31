"""Time is exact: spans tile frames and samples, and no float gets in."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.span import Span, ceil_fraction, seconds

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60000, 1001)]
rates = st.sampled_from(RATES)
times = st.fractions(min_value=-100, max_value=100_000, max_denominator=90_000)


@st.composite
def spans(draw):
    start = draw(times)
    return Span(start, start + draw(st.fractions(min_value=Fraction(1, 90_000), max_value=100, max_denominator=90_000)))


@given(st.lists(times, min_size=2, max_size=12, unique=True), rates)
def test_neighboring_spans_tile_the_frames(cuts, rate):
    cuts.sort()
    parts = [Span(a, b).frames(rate) for a, b in pairwise(cuts)]
    assert all(before.stop == after.start for before, after in pairwise(parts))
    whole = Span(cuts[0], cuts[-1]).frames(rate)
    assert (parts[0].start, parts[-1].stop) == (whole.start, whole.stop)
    assert sum(map(len, parts)) == len(whole)


@given(st.integers(0, 200_000), st.integers(1, 100), rates)
def test_a_span_between_frame_times_holds_those_frames(first, count, rate):
    span = Span(Fraction(first) / rate, Fraction(first + count) / rate)
    assert span.frames(rate) == range(first, first + count)


@given(spans(), rates)
def test_a_frame_is_in_a_span_where_its_time_is(span, rate):
    frames = span.frames(rate)
    assert all(Fraction(index) / rate in span for index in (*frames[:2], *frames[-2:]))
    assert Fraction(frames.start - 1) / rate not in span
    assert Fraction(frames.stop) / rate not in span


@given(spans(), st.sampled_from([16_000, 22_050, 44_100, 48_000]))
def test_samples_are_within_one_of_the_duration(span, sample_rate):
    assert abs(len(span.samples(sample_rate)) - span.duration * sample_rate) < 1


def test_film_time_does_not_drift():
    """A thousand hours of NTSC frames, added one second at a time, are not off by one."""
    rate = Fraction(30000, 1001)
    last = Span(Fraction(3_599_999), Fraction(3_600_000)).frames(rate)
    assert last.stop == ceil_fraction(3_600_000 * rate) == 107_892_108


@given(spans(), spans())
def test_intersection(a, b):
    both = a & b
    assert both == b & a
    if both is None:
        assert a.end <= b.start or b.end <= a.start
    else:
        assert both.start == max(a.start, b.start)
        assert both.end == min(a.end, b.end)


@given(spans(), times)
def test_shift_keeps_the_duration_and_comes_back(span, by):
    assert span.shift(by).duration == span.duration
    assert span.shift(by).shift(-by) == span


@given(times)
def test_ceil(value):
    assert ceil_fraction(value) - 1 < value <= ceil_fraction(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.04", Fraction(26, 25)),
        ("01:02.5", Fraction(125, 2)),
        ("00:01:02,500", Fraction(125, 2)),
        ("100:00:00.001", Fraction(360_000_001, 1000)),
        (" 7 ", Fraction(7)),
        ("1001/24000", Fraction(1001, 24000)),
        (3, Fraction(3)),
    ],
)
def test_seconds(text, value):
    assert seconds(text) == value


def test_floats_are_refused():
    with pytest.raises(TypeError, match=r"exact, got the float 1\.1; write '1\.1'"):
        seconds(1.1)
    with pytest.raises(TypeError, match="start must be exact"):
        Span(0.5, Fraction(1))
    with pytest.raises(TypeError, match="end must be exact"):
        Span(Fraction(0), 1.0)


@pytest.mark.parametrize("text", ["", "abc", "1:xx", "1/0", "::"])
def test_what_is_no_time(text):
    with pytest.raises(ValueError, match="no time"):
        seconds(text)


@given(times)
def test_an_empty_span_does_not_exist(time):
    with pytest.raises(ValueError, match="end after it starts"):
        Span(time, time)


def test_integers_become_fractions():
    assert Span(1, 2).duration == Fraction(1)
    assert type(Span(1, 2).start) is Fraction
