"""Pitch is read right, and an octave error of a tracker is found."""

from __future__ import annotations

import numpy as np
import pytest

from avsynth.voice.pitch import right_octave, track

RATE = 16_000


def median(f0):
    return float(np.median(f0[f0 > 0]))


@pytest.mark.parametrize("hz", [70, 89, 120, 180, 250, 400])
def test_a_steady_voice_has_its_own_pitch(draw_voice, hz):
    f0 = track(draw_voice(hz), sample_rate=RATE)
    assert median(f0) == pytest.approx(hz, rel=0.01)
    assert np.mean(f0 > 0) > 0.95


def test_a_gliding_voice_is_followed(draw_voice):
    pitch = np.linspace(100, 200, 2 * RATE)
    f0 = track(draw_voice(pitch), sample_rate=RATE)
    middle = slice(40, 360)
    truth = pitch[:: RATE // 200][middle]
    assert np.median(np.abs(f0[middle] / truth - 1)) < 0.01


@pytest.mark.parametrize("hz", [80, 110, 220])
@pytest.mark.parametrize("error", [0.5, 1, 2])
def test_a_track_that_is_an_octave_off_is_mended(draw_voice, hz, error):
    read = np.full(400, hz * error)
    assert median(right_octave(read, samples=draw_voice(hz), sample_rate=RATE)) == pytest.approx(hz)


def test_unvoiced_frames_stay_unvoiced(draw_voice):
    read = np.full(400, 200.0)
    read[100:200] = 0
    mended = right_octave(read, samples=draw_voice(100), sample_rate=RATE)
    assert (mended[100:200] == 0).all()
    assert (mended[200:] == 100).all()


def test_silence_has_no_pitch():
    assert (track(np.zeros(RATE, np.float32), sample_rate=RATE) == 0).all()


def test_noise_in_the_recording_does_not_move_the_octave(draw_voice):
    voice = draw_voice(95)
    noise = np.random.default_rng(0).normal(0, 0.02 * voice.std() / 0.2, len(voice)).astype(np.float32)
    assert median(track(voice + noise, sample_rate=RATE)) == pytest.approx(95, rel=0.02)
