"""Forced alignment on chances that are known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from avsynth.models.ear import CLASSES, Hearing
from avsynth.voice.forced import force

P, A, M = 1, 23, 2


def heard(*runs: tuple[int, int], sure: float = 0.7) -> Hearing:
    """Runs of (class, frames)."""
    rows = np.concatenate([np.full(count, index) for index, count in runs])
    chance = np.full((len(rows), len(CLASSES)), (1 - sure) / (len(CLASSES) - 1), np.float32)
    chance[np.arange(len(rows)), rows] = sure
    return Hearing(np.zeros((len(rows), 1), np.float32), chance)


FLAT = np.log(np.full(len(CLASSES), 1 / len(CLASSES)))


def test_sounds_are_found_to_the_frame_with_silence_around_and_between() -> None:
    sound = heard((0, 20), (P, 6), (A, 15), (0, 30), (M, 8), (A, 12), (0, 10))
    spans, _ = force(sound, classes=[P, A, M, A], prior=FLAT)
    assert spans == [(20, 26), (26, 41), (71, 79), (79, 91)]


def test_the_right_row_fits_better_than_a_wrong_one() -> None:
    sound = heard((0, 5), (P, 10), (A, 10), (M, 10), (0, 5))
    right = force(sound, classes=[P, A, M], prior=FLAT)[1]
    assert right > force(sound, classes=[M, A, P], prior=FLAT)[1] + 0.3


def test_a_sound_that_is_not_heard_still_gets_its_least_time() -> None:
    spans, _ = force(heard((P, 10), (A, 10)), classes=[P, M, A], prior=FLAT)
    assert all(end - start >= 2 for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


@pytest.mark.parametrize("classes", [[], [P] * 30])
def test_what_does_not_fit_is_refused(classes: list[int]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        force(heard((P, 10)), classes=classes, prior=FLAT)
