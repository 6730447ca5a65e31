"""Delays of a timeline that keep its length and lose nothing but what falls over its ends."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.metrics.motions import delayed

LENGTH = Fraction(2)
MARKS = st.lists(st.integers(0, 40), min_size=2, max_size=12, unique=True).map(sorted)


@given(MARKS, st.integers(-25, 25))
def test_what_stays_inside_is_only_moved(marks: list[int], steps: int) -> None:
    edges = [Fraction(mark, 20) for mark in marks]
    spans = [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    timeline = PhonemeTimeline(tuple(PhonemeSpan("a", span) for span in spans), LENGTH)
    by = Fraction(steps, 20)
    moved = delayed(timeline, by)
    assert moved.duration == LENGTH
    whole = Span(Fraction(0), LENGTH)
    assert [phoneme.span for phoneme in moved] == [cut for span in spans if (cut := span.shift(by) & whole)]
