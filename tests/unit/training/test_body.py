"""A recording in another body: its pitch, its length and its spectrum change as told."""

from __future__ import annotations

import numpy as np
import pytest

from avsynth.models.voice_mel import HOP, RATE
from avsynth.training.backends.body import Body
from avsynth.training.manifest import Item
from avsynth.voice.melody import Melody


def tone(hz: float) -> np.ndarray:
    return (0.1 * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE)).astype(np.float32)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_faster_is_higher_and_shorter(factor: float):
    found = Body(factor).change(tone(400))
    assert len(found) == round(RATE / factor)
    peak = np.abs(np.fft.rfft(found)).argmax() * RATE / len(found)
    assert peak == pytest.approx(400 * factor, abs=2)
    assert np.abs(found).max() == pytest.approx(0.1, rel=0.05)


def test_the_curve_is_met_at_its_points():
    """Nine points over the octaves from 60 Hz to 8 kHz: the middle one lies at the root of their product."""
    gains = (0.0, 0.0, 0.0, 0.0, 6.0, 0.0, 0.0, 0.0, -6.0)
    for hz, decibels in ((693, 6.0), (100, 0.0), (7990, -6.0)):
        found = Body(1.0, gains).change(tone(hz))[2000:-2000]
        assert 20 * np.log10(np.abs(found).max() / 0.1) == pytest.approx(decibels, abs=0.2)


def test_the_melody_follows():
    melody = Melody(np.linspace(100, 200, 101, dtype=np.float32), np.arange(101) < 50)
    sung = Body(1.25).sing(melody, length=round(RATE / 1.25))
    assert len(sung) == round(RATE / 1.25) // HOP + 1
    assert sung.f0_hz[[0, -1]] == pytest.approx([125, 250])
    assert sung.voiced.sum() == pytest.approx(50 / 1.25, abs=1)


def test_a_manifest_tells_it_again():
    body = Body.drawn(np.random.default_rng(3))
    assert Body.of(Item("a", "train", {}, body.facts())) == body
    assert Body.of(Item("a", "train", {})) == Body()
