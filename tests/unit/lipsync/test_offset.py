"""The offset of footage: what is planted is found, and what tells nothing is not trusted."""

from __future__ import annotations

import numpy as np
import pytest

from avsynth.lipsync.offset import FARTHEST, SeenOpening, best_offset

HEARD_RATE = 100


def talk(seconds: float, *, seed: int) -> np.ndarray:
    """An opening at 100 Hz that rises and falls a few times a second, like syllables."""
    rng = np.random.default_rng(seed)
    rough = np.convolve(rng.standard_normal(int(seconds * HEARD_RATE)), np.hanning(21), "same")
    return np.maximum(rough, 0).astype(np.float32)


def seen(heard: np.ndarray, late: float, *, rate: float, noise: float = 0.0, seed: int = 9) -> SeenOpening:
    times = np.arange(1, int((len(heard) / HEARD_RATE - 1) * rate)) / rate
    opening = np.interp(times - late, np.arange(len(heard)) / HEARD_RATE, heard)
    rng = np.random.default_rng(seed)
    return SeenOpening(times, opening + noise * opening.std() * rng.standard_normal(len(opening)))


@pytest.mark.parametrize("rate", [23.976, 25.0, 30.0, 59.94])
@pytest.mark.parametrize("late", [-0.2, -0.12, 0.0, 0.043, 0.2])
def test_a_planted_offset_is_found_to_a_quarter_of_a_frame(late: float, rate: float) -> None:
    heard = talk(8, seed=1)
    found = best_offset([(seen(heard, late, rate=rate, noise=0.7), heard)])
    assert found.trusted
    assert found.seconds == pytest.approx(late, abs=0.25 / rate)


def test_stretches_of_a_film_count_together() -> None:
    parts = [talk(2, seed=seed) for seed in range(6)]
    found = best_offset([(seen(part, 0.12, rate=25, noise=1.0, seed=i), part) for i, part in enumerate(parts)])
    assert found.trusted
    assert found.seconds == pytest.approx(0.12, abs=0.02)


@pytest.mark.parametrize("seed", range(5))
def test_somebody_elses_voice_is_not_trusted(seed: int) -> None:
    found = best_offset([(seen(talk(12, seed=seed), 0.0, rate=25), talk(12, seed=seed + 100))])
    assert not found.trusted
    assert found.seconds == 0


def test_too_little_is_not_trusted() -> None:
    heard = talk(3, seed=1)
    assert not best_offset([(seen(heard, 0.1, rate=25), heard)]).trusted
    assert not best_offset([]).trusted


def test_a_still_mouth_is_not_trusted() -> None:
    heard = talk(8, seed=1)
    still = SeenOpening(np.arange(150) / 25, np.full(150, 0.1))
    assert not best_offset([(still, heard)]).trusted


def test_an_offset_at_the_edge_of_what_is_searched_is_not_trusted() -> None:
    heard = talk(8, seed=1)
    assert not best_offset([(seen(heard, FARTHEST + 0.03, rate=25), heard)]).trusted
