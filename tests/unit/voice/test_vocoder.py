"""WORLD takes speech apart and puts it together; envelopes are coded alike at every sample rate."""

from __future__ import annotations

import builtins
from dataclasses import replace

import numpy as np
import pytest

from avsynth.voice import vocoder
from avsynth.voice.vocoder import CODED_SIZE, analyze, code_envelope, decode_gain, synthesize


def frames_of(voice, *, f0, rate=16_000):
    return analyze(voice, f0_hz=np.full(len(voice) * 200 // rate, float(f0)), sample_rate=rate)


def test_a_copy_keeps_length_pitch_and_level(draw_voice):
    voice = draw_voice(120)
    copy = synthesize(frames_of(voice, f0=120), length=len(voice))
    assert copy.shape == voice.shape
    assert copy.dtype == np.float32
    assert 20 * np.log10(copy[3000:-3000].std() / voice[3000:-3000].std()) == pytest.approx(0, abs=1.0)
    spectrum = np.abs(np.fft.rfft(copy[8000:24_000] * np.hanning(16_000)))
    assert int(np.argmax(spectrum[100:140])) + 100 == 120


def test_it_is_silent_where_frames_do_not_reach(draw_voice):
    out = synthesize(frames_of(draw_voice(120), f0=120), length=50_000)
    assert len(out) == 50_000
    assert (out[33_000:] == 0).all()


def test_coded_envelopes_agree_between_sample_rates(draw_voice):
    low = code_envelope(frames_of(draw_voice(120), f0=120))[100:300].mean(axis=0)
    high = code_envelope(frames_of(draw_voice(120, sample_rate=24_000), f0=120, rate=24_000))[100:300].mean(axis=0)
    assert low.shape == (CODED_SIZE,)
    assert np.abs(low[1:8] - high[1:8]).max() < 0.25 * np.abs(low[1:8]).max()


def test_a_gain_changes_coded_envelopes_by_what_was_asked(draw_voice):
    frames = frames_of(draw_voice(120), f0=120)
    asked = np.zeros((len(frames.f0_hz), CODED_SIZE))
    asked[:, 1], asked[:, 3] = -0.5, 0.3
    gain = decode_gain(asked, bins=frames.envelope.shape[1], sample_rate=16_000)
    changed = replace(frames, envelope=frames.envelope * np.exp(gain))
    got = (code_envelope(changed) - code_envelope(frames)).mean(axis=0)
    assert got[1] == pytest.approx(-0.5, abs=0.15)
    assert got[3] == pytest.approx(0.3, abs=0.15)
    assert np.abs(got[5:]).max() < 0.15


def test_nothing_asked_is_no_gain():
    gain = decode_gain(np.zeros((3, CODED_SIZE)), bins=513, sample_rate=24_000)
    assert np.abs(gain).max() < 1e-12


def test_nothing_is_made_louder_above_what_envelopes_know():
    asked = np.zeros((1, CODED_SIZE))
    asked[:, 0] = 1.0
    gain = decode_gain(asked, bins=513, sample_rate=24_000)[0]
    hz = np.linspace(0, 12_000, 513)
    assert gain[hz < 6900].min() > 0
    assert np.abs(gain[hz > 9000]).max() == 0


def test_pyworld_works_without_pkg_resources(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **keywords):
        if name == "pyworld":
            raise ModuleNotFoundError("No module named 'pkg_resources'", name="pkg_resources")
        return real(name, *args, **keywords)

    monkeypatch.setattr(builtins, "__import__", refuse)
    vocoder._world.cache_clear()
    try:
        assert vocoder._world().get_cheaptrick_fft_size(16_000) == 1024
    finally:
        vocoder._world.cache_clear()
