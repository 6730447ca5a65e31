"""Regions: a face is changed around its lines, with soft borders, and never across what cannot be done."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.face import runs
from avsynth.core.media import Shot
from avsynth.core.span import Span
from avsynth.pipeline.regions import regions, strength

TIMES = [Fraction(index, 25) for index in range(100)]


def test_a_short_pause_stays_inside_one_region() -> None:
    near = [Span(Fraction(1), Fraction(2)), Span(Fraction("2.9"), Fraction(4))]
    far = [Span(Fraction(1), Fraction(2)), Span(Fraction(6), Fraction(7))]
    assert len(regions(near, duration=Fraction(10), whole=False)) == 1
    assert len(regions(far, duration=Fraction(10), whole=False)) == 2


def test_stems_leave_nothing_of_the_original_so_the_whole_film_is_changed() -> None:
    assert regions([], duration=Fraction(10), whole=True) == (Span(Fraction(0), Fraction(10)),)


def test_strength_is_full_inside_zero_outside_and_soft_between() -> None:
    level = strength(
        np.ones(100, bool), times=TIMES, wanted=[Span(Fraction(1), Fraction(3))], shots=[Shot(0, 100)], fade=3
    )
    assert not level[:25].any()
    assert not level[75:].any()
    assert (level[30:70] == 1).all()
    assert 0 < level[25] < level[26] < 1
    assert level[25] == level[74]


def test_a_cut_is_a_hard_border() -> None:
    level = strength(
        np.ones(100, bool),
        times=TIMES,
        wanted=[Span(Fraction(0), Fraction(4))],
        shots=[Shot(0, 50), Shot(50, 100)],
        fade=3,
    )
    assert (level == 1).all()


def test_a_frame_that_cannot_be_used_is_left_alone_softly() -> None:
    usable = np.ones(100, bool)
    usable[50] = False
    level = strength(usable, times=TIMES, wanted=[Span(Fraction(0), Fraction(4))], shots=[Shot(0, 100)], fade=3)
    assert level[50] == 0
    assert level[49] < level[48] < 1


@given(st.lists(st.booleans(), max_size=60))
def test_runs_rebuild_the_mask(flags: list[bool]) -> None:
    mask = np.array(flags, bool)
    rebuilt = np.zeros(len(mask), bool)
    for start, end in runs(mask):
        assert start < end
        rebuilt[start:end] = True
    assert (rebuilt == mask).all()


def test_at_a_varying_rate_the_frames_times_decide() -> None:
    times = [Fraction(index * index, 2500) for index in range(100)]
    level = strength(
        np.ones(100, bool), times=times, wanted=[Span(Fraction(1), Fraction(2))], shots=[Shot(0, 100)], fade=3
    )
    assert [bool(value) for value in level] == [1 <= time < 2 for time in times]
