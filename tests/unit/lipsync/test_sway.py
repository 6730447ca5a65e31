from fractions import Fraction
from itertools import pairwise

import numpy as np

from avsynth.lipsync.sway import LOOK, NOD, SHIFT, TURN, blinks, lids_closed, sway

TIMES = [Fraction(frame, 25) for frame in range(1500)]


def test_a_head_moves_a_little_and_smoothly() -> None:
    poses = [sway(time, seed=7, emphasis=float(i % 2)) for i, time in enumerate(TIMES)]
    turns = np.array([pose.turn for pose in poses])
    shifts, looks = np.array([pose.shift for pose in poses]), np.array([pose.look for pose in poses])
    assert np.degrees(np.abs(turns).max()) <= np.degrees(TURN) <= 1.5
    assert np.abs(shifts).max() <= SHIFT <= 0.015
    assert np.abs(looks).max() <= LOOK + NOD
    assert np.degrees(np.ptp(turns)) > 0.4  # but it does move
    calm = np.array([sway(time, seed=7).turn for time in TIMES])
    # A wave of 0.31 Hz turns by at most 2 pi 0.31 / 25 of its height from a frame to the next.
    assert np.abs(np.diff(calm)).max() <= TURN * 2 * np.pi * 0.31 / 25


def test_wide_open_mouths_nod() -> None:
    wide, narrow = sway(Fraction(3), seed=7, emphasis=1.0), sway(Fraction(3), seed=7, emphasis=0.3)
    assert wide.look[1] - narrow.look[1] == NOD
    assert wide.turn == narrow.turn
    assert wide.scaled(0.0).look.tolist() == [0, 0]


def test_other_photos_move_otherwise_and_the_same_ones_the_same() -> None:
    assert sway(Fraction(3), seed=7).turn == sway(Fraction(3), seed=7).turn
    assert sway(Fraction(3), seed=7).turn != sway(Fraction(3), seed=8).turn


def test_blinks_last_and_come_as_peoples_do() -> None:
    for seed in range(20):
        found = blinks(seed=seed, until=120)
        pauses = np.diff([blink.start for blink in found])
        assert 2 <= pauses.min() <= pauses.max() <= 6
        assert all(abs(a - b) >= 0.4 for a, b in pairwise(pauses))
        assert all(0.10 <= blink.shut - blink.start <= 0.15 for blink in found)
        assert all(0.15 <= blink.end - blink.opening <= 0.25 for blink in found)


def test_lids_close_fully_and_only_in_blinks() -> None:
    found = blinks(seed=1, until=60)
    closed = np.array([lids_closed(time, seed=1) for time in TIMES])
    inside = np.zeros(len(TIMES), bool)
    for blink in found:
        inside |= [blink.start <= time <= blink.end for time in TIMES]
        assert lids_closed(Fraction(blink.shut), seed=1) == 1
    assert (closed[~inside] == 0).all()
    assert closed.max() > 0.9


def test_a_blink_that_a_cut_would_halve_is_left_out() -> None:
    blink = blinks(seed=1, until=60)[3]
    middle = Fraction(blink.shut)
    assert lids_closed(middle, seed=1, within=(middle - 1, middle + 1)) == 1
    assert lids_closed(middle, seed=1, within=(middle - 1, Fraction(blink.end) - Fraction(1, 100))) == 0
    assert lids_closed(middle, seed=1, within=(middle, middle + 1)) == 0
