"""Converted speech has the pitch, the melody and the timbre of the target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from avsynth.core.speech import VoiceStatistics
from avsynth.voice.conversion import convert
from avsynth.voice.vocoder import analyze, code_envelope


@pytest.fixture(scope="module")
def frames(draw_voice):
    pitch = 110 * np.exp(0.1 * np.sin(np.arange(32_000) / 3000))
    return analyze(draw_voice(pitch), f0_hz=pitch[::80], sample_rate=16_000)


@pytest.fixture(scope="module")
def own(frames):
    coded = code_envelope(frames)
    return VoiceStatistics(
        110.0, 0.07, coded.mean(axis=0).astype(np.float32), coded.std(axis=0).astype(np.float32) + np.float32(0.01)
    )


def test_pitch_goes_to_the_target(frames, own):
    out = convert(frames, source=own, target=replace(own, f0_median_hz=220.0))
    assert np.median(out.f0_hz) / np.median(frames.f0_hz) == pytest.approx(2, rel=0.005)


def test_a_livelier_target_has_a_wider_melody_within_limits(frames, own):
    def spread(target):
        return np.log(convert(frames, source=own, target=target).f0_hz).std()

    assert spread(replace(own, f0_deviation=0.07 * 1.3)) == pytest.approx(1.3 * spread(own), rel=0.01)
    assert spread(replace(own, f0_deviation=0.7)) == pytest.approx(1.4 * spread(own), rel=0.01)


def test_unvoiced_stays_unvoiced(frames, own):
    f0 = frames.f0_hz.copy()
    f0[50:80] = 0
    out = convert(replace(frames, f0_hz=f0), source=own, target=own)
    assert ((out.f0_hz == 0) == (f0 == 0)).all()


def test_the_same_voice_keeps_its_envelope(frames, own):
    assert np.allclose(convert(frames, source=own, target=own).envelope, frames.envelope, rtol=1e-6)


def test_timbre_goes_to_the_target_and_loudness_stays(frames, own):
    moved = own.envelope.copy()
    moved[1] += 0.6
    moved[0] += 5
    out = convert(frames, source=own, target=replace(own, envelope=moved))
    change = (code_envelope(out) - code_envelope(frames)).mean(axis=0)
    assert change[1] == pytest.approx(0.6, abs=0.2)
    assert abs(change[0]) < 0.6


def test_no_gain_is_wild(frames, own):
    wild = own.envelope + np.float32(100) * np.random.default_rng(0).normal(size=40).astype(np.float32)
    ratio = convert(frames, source=own, target=replace(own, envelope=wild)).envelope / frames.envelope
    assert 10 * np.log10(ratio).max() <= 18.001
    assert 10 * np.log10(ratio).min() >= -18.001


def test_high_bands_are_not_a_pure_buzz(frames, own):
    clean = replace(frames, aperiodicity=np.zeros_like(frames.aperiodicity))
    out = convert(clean, source=own, target=own).aperiodicity
    assert out[:, -1].min() >= 0.5
    assert out[:, :60].max() < 0.03


def test_the_seed_decides_the_jitter(frames, own):
    first, again, other = (convert(frames, source=own, target=own, seed=seed).f0_hz for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
