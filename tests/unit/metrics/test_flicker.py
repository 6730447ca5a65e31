"""Flicker that was planted is measured to the code value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.metrics.flicker import Tremor, flicker


def flat(value: int) -> np.ndarray:
    return np.full((12, 12, 3), value, np.uint8)


def trembling(amplitude: int, *, count: int = 9, start: int = 100) -> list[np.ndarray]:
    return [flat(start + amplitude * (-1) ** index) for index in range(count)]


@given(st.integers(0, 60), st.integers(0, 60))
def test_flicker_is_the_planted_amplitude_beyond_the_truths(made: int, true: int) -> None:
    assert flicker(trembling(made), references=trembling(true)) == pytest.approx(made - true, abs=1e-4)


def test_even_motion_is_no_flicker() -> None:
    ramp = [flat(20 + 7 * index) for index in range(12)]
    assert flicker(ramp, references=[flat(50)] * 12) == pytest.approx(0, abs=1e-4)


def test_a_part_of_the_picture_counts_by_its_energy() -> None:
    made = [flat(100) for _ in range(9)]
    for index, picture in enumerate(made):
        picture[:, :3] += np.uint8(8 * (index % 2))  # a quarter of the pixels, by 4 up and down
    assert flicker(made, references=[flat(100)] * 9) == pytest.approx(4 * 0.25**0.5, abs=1e-4)


def test_a_gap_begins_anew() -> None:
    tremor = Tremor()
    for frame, value in ((0, 100), (1, 104), (5, 10), (6, 14), (7, 10)):
        tremor.add(frame, flat(value))
    assert tremor.triples == 1
    assert tremor.amplitude == pytest.approx(2, abs=1e-4)


def test_two_pictures_cannot_flicker() -> None:
    assert flicker(trembling(9, count=2), references=trembling(9, count=2)) == 0
