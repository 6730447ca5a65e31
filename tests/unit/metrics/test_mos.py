"""DNSMOS gives the publisher's numbers, and noise costs what it should."""

from __future__ import annotations

import numpy as np
import pytest

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.metrics.mos import speech_quality
from avsynth.text.espeak import speak

pytestmark = pytest.mark.weights


def buzz(seconds: float) -> Waveform:
    time = np.arange(round(16_000 * seconds)) / 16_000
    voice = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 30))
    swelling = np.linspace(0.02, 0.2, len(time)) * (np.sin(2 * np.pi * 3 * time) > 0)
    return Waveform((swelling * voice).astype(np.float32)[None], 16_000)


# What the class DNSMOS of speechmos 0.0.1.1 gives for the same samples, with its own copy of the network.
@pytest.mark.parametrize(
    ("seconds", "signal", "background", "overall"), [(4, 1.8467, 2.8866, 1.5897), (12.3, 1.8670, 2.9114, 1.6143)]
)
def test_the_publishers_own_numbers(seconds: float, signal: float, background: float, overall: float) -> None:
    found = speech_quality(buzz(seconds))
    assert found.signal == pytest.approx(signal, abs=2e-3)
    assert found.background == pytest.approx(background, abs=2e-3)
    assert found.overall == pytest.approx(overall, abs=2e-3)


def test_noise_is_heard_in_the_background() -> None:
    clean = speak("The birch canoe slid on the smooth planks.", language="en").waveform
    chance = np.random.default_rng(1)
    noise = chance.standard_normal(clean.samples.shape).astype(np.float32) * clean.samples.std()
    dirty = Waveform(clean.samples + noise, clean.sample_rate)
    assert speech_quality(dirty).background < speech_quality(clean).background - 0.8
    assert speech_quality(dirty).overall < speech_quality(clean).overall - 0.4


def test_nothing_has_no_quality() -> None:
    with pytest.raises(InputError, match="empty"):
        speech_quality(Waveform(np.zeros((1, 0), np.float32), 16_000))
