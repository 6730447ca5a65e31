"""The cepstra the judge hears: the same whole or in pieces, loud or soft, and at their time."""

import itertools

import numpy as np
import pytest

from avsynth.core.media import Waveform
from avsynth.metrics.cepstra import COUNT, STEPS_HZ, cepstra

RATE = 16_000


def hiss(seconds: float, *, level: float = 0.1) -> np.ndarray:
    return (np.random.default_rng(1).normal(size=round(seconds * RATE)) * level).astype(np.float32)


def test_pieces_sound_like_the_whole() -> None:
    sound = hiss(3.0)
    whole = cepstra(Waveform(sound[None], RATE))
    cuts = (0, 7_777, 20_000, 40_001, len(sound))
    pieces = (Waveform(sound[None, a:b], RATE) for a, b in itertools.pairwise(cuts))
    assert whole.shape == (3 * STEPS_HZ + 1, COUNT)
    np.testing.assert_allclose(cepstra(pieces), whole, atol=1e-4)


@pytest.mark.parametrize("gain", [0.02, 5.0])
def test_gain_is_not_heard(gain: float) -> None:
    sound = hiss(1.0)
    loud = cepstra(Waveform(np.float32(gain) * sound[None], RATE))
    np.testing.assert_allclose(loud, cepstra(Waveform(sound[None], RATE)), atol=2e-2)


def test_a_burst_is_heard_when_it_sounds() -> None:
    sound = hiss(2.0, level=0.001)
    sound[RATE : RATE + RATE // 10] = hiss(0.1, level=0.3)  # from 1.0 to 1.1 s
    level = cepstra(Waveform(sound[None], RATE))[:, 0]
    loud = np.flatnonzero(level > (level.max() + level.min()) / 2)
    assert loud[0] == pytest.approx(100, abs=1)
    assert loud[-1] == pytest.approx(110, abs=1)


def test_no_sound_is_no_rows() -> None:
    assert cepstra(iter(())).shape[1] == COUNT
    assert np.isfinite(cepstra(Waveform(np.zeros((1, RATE), np.float32), RATE))).all()
