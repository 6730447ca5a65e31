"""The melody of hums whose pitch is known."""

from __future__ import annotations

import numpy as np
import pytest

from avsynth.voice.melody import Melody

RATE = 16_000


def hum(hertz: float, seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * hertz * k * time) / k for k in range(1, 16)).astype(np.float32) * 0.1


@pytest.mark.parametrize("near", [None, 130.0])
def test_pitch_is_carried_on_through_silence(near: float | None) -> None:
    silence = np.zeros(RATE // 2, np.float32)
    melody = Melody.of(np.concatenate([hum(110, 1), silence, hum(165, 1)]), sample_rate=RATE, near_hz=near)
    assert len(melody) == 251
    assert np.median(melody.f0_hz[20:80]) == pytest.approx(110, rel=0.01)
    assert np.median(melody.f0_hz[170:230]) == pytest.approx(165, rel=0.01)
    assert melody.voiced[20:80].all()
    assert not melody.voiced[112:138].any()
    assert 110 < melody.f0_hz[125] < 165


def test_where_nothing_is_voiced_there_is_still_a_pitch() -> None:
    melody = Melody.drawn(np.zeros(5))
    assert not melody.voiced.any()
    assert (melody.f0_hz > 0).all()
