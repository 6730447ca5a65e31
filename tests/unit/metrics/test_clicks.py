"""Clicks are counted where they were drawn, and speech has none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import floats, sets
from hypothesis.strategies import integers as whole

from avsynth.core.media import Waveform
from avsynth.metrics.clicks import clicks
from avsynth.voice.bases import BASES


def voice(seconds: float, *, rate: int) -> np.ndarray:
    """Pulses through two formants, with bursts of noise as plosives have them."""
    chance = np.random.default_rng(0)
    count = round(seconds * rate)
    ring = np.arange(rate // 50) / rate
    throat = sum(np.exp(-ring * 500) * np.sin(2 * np.pi * hz * ring) for hz in (600, 1800))
    pulses = np.zeros(count)
    pulses[:: rate // 130] = 0.2
    push = np.hanning(rate // 500)  # folds open and close within two thousandths of a second
    sound = np.convolve(np.convolve(pulses, push / push.sum()), throat)[:count]
    for start in range(0, count - rate // 20, rate // 4):
        size = rate // 50
        sound[start : start + size] += chance.normal(0, 0.05, size) * np.exp(-np.arange(size) / (rate * 0.005))
    return sound


@settings(max_examples=30, deadline=None)
@given(places=sets(whole(1, 18), min_size=1, max_size=6), step=floats(0.05, 0.3))
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_steps_are_found_where_they_are(rate: int, places: set[int], step: float) -> None:
    sound = voice(2.0, rate=rate)
    wanted = sorted(place / 10 + 0.037 for place in places)
    sign = 1.0
    for moment in wanted:
        sound[round(moment * rate) :] += sign * step
        sign = -sign
    found = clicks(Waveform(sound[None].astype(np.float32), rate))
    assert found == pytest.approx(wanted, abs=0.002)


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_pulses_and_bursts_are_none(rate: int) -> None:
    assert clicks(Waveform(voice(2.0, rate=rate)[None].astype(np.float32), rate)) == []


def test_a_lost_sample_is_one() -> None:
    sound = voice(1.0, rate=48_000)
    sound[30_000] += 0.2
    assert clicks(Waveform(sound[None].astype(np.float32), 48_000)) == pytest.approx([30_000 / 48_000], abs=0.002)


def test_silence_and_next_to_nothing_have_none() -> None:
    assert clicks(Waveform(np.zeros((1, 48_000), np.float32), 48_000)) == []
    assert clicks(Waveform(np.ones((1, 3), np.float32), 48_000)) == []


def test_speech_has_none() -> None:
    speech = BASES.get("nanotts")().speak("Papá tomó té con pan tostado y queso.", language="es")
    assert clicks(speech.waveform) == []
