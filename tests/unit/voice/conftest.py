"""Voices of known pitch and timbre, drawn rather than recorded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal


@pytest.fixture(scope="session")
def draw_voice() -> Callable[..., NDArray[np.float32]]:
    """Makes a voice of given pitch (a number, or one a sample) through the resonances of a vowel."""

    def draw(
        f0_hz: float | NDArray[np.float64],
        *,
        seconds: float = 2.0,
        sample_rate: int = 16_000,
        formants: tuple[float, ...] = (650, 1200, 2500, 3500),
    ) -> NDArray[np.float32]:
        f0 = np.broadcast_to(np.asarray(f0_hz, float), (round(seconds * sample_rate),))
        phase = np.cumsum(f0) / sample_rate
        pulses = np.diff(np.floor(phase), prepend=0.0)
        sound = signal.lfilter([1], [1, -0.97], pulses)  # the glottis's fall of 6 dB an octave
        for hz in formants:
            radius = np.exp(-np.pi * 90 / sample_rate)
            sound = signal.lfilter([1], [1, -2 * radius * np.cos(2 * np.pi * hz / sample_rate), radius**2], sound)
        sound = sound - sound.mean()
        return (sound / np.abs(sound).max() * 0.5).astype(np.float32)

    return draw
