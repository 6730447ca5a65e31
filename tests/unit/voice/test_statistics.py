"""Pitch and timbre of drawn voices are measured as they were drawn."""

from __future__ import annotations

import numpy as np
import pytest

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.voice import statistics
from avsynth.voice.statistics import measure


def wave(samples, rate=16_000):
    return Waveform(samples[None], rate)


def test_median_and_spread_of_pitch(draw_voice):
    seconds = np.arange(4 * 16_000) / 16_000
    voice = measure(wave(draw_voice(130 * np.exp(0.2 * np.sin(2 * np.pi * 0.5 * seconds)), seconds=4)))
    assert voice.f0_median_hz == pytest.approx(130, rel=0.02)
    assert voice.f0_deviation == pytest.approx(0.2 / np.sqrt(2), rel=0.05)
    assert voice.envelope.shape == (40,)
    assert voice.envelope.dtype == np.float32


def test_the_recording_s_level_moves_only_the_first_coefficient(draw_voice):
    sound = draw_voice(130)
    loud, quiet = measure(wave(sound)), measure(wave(sound * np.float32(0.25)))
    assert loud.f0_median_hz == pytest.approx(quiet.f0_median_hz, rel=1e-3)
    assert np.abs(loud.envelope[1:] - quiet.envelope[1:]).max() < 0.02
    assert loud.envelope[0] > quiet.envelope[0]


def test_another_throat_has_another_envelope(draw_voice):
    long, short = (
        measure(wave(draw_voice(130, formants=f))) for f in [(650, 1200, 2500, 3500), (800, 1500, 3000, 4200)]
    )
    same = measure(wave(draw_voice(140)))
    far = np.linalg.norm(long.envelope[1:] - short.envelope[1:])
    assert np.linalg.norm(long.envelope[1:] - same.envelope[1:]) < 0.5 * far


def test_of_a_long_recording_all_parts_count(draw_voice, monkeypatch):
    monkeypatch.setattr(statistics, "_LONGEST_SECONDS", 4)
    sound = np.concatenate([draw_voice(100, seconds=4), draw_voice(141.4, seconds=4)])
    assert measure(wave(sound)).f0_deviation == pytest.approx(np.log(2) / 4, rel=0.05)  # half an octave, two halves


def test_noise_is_no_voice():
    noise = np.random.default_rng(1).normal(0, 0.1, 48_000).astype(np.float32)
    with pytest.raises(InputError, match="voiced speech"):
        measure(wave(noise))
