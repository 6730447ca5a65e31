"""Music under speech is heard, with pauses and without; speech and noise are no music."""

from __future__ import annotations

import numpy as np
import pytest

from avsynth.audio.resample import resample
from avsynth.text.espeak import speak
from avsynth.voice.cleanliness import SAMPLE_RATE, lasting_tones_db

TEXT = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. It is easy to tell."


@pytest.fixture(scope="module")
def speech():
    return resample(speak(TEXT, language="en").waveform, SAMPLE_RATE).samples[0]


def chord(count, *, notes_hz=(220.0, 277.2, 329.6, 440.0)):
    times = np.arange(count) / SAMPLE_RATE
    sound = sum(np.sin(2 * np.pi * f * k * times + f * k) / k for f in notes_hz for k in range(1, 9))
    return (sound / np.std(sound)).astype(np.float32)


def level(sound):
    return float(np.median(lasting_tones_db(sound, speech=[range(len(sound))])))


def test_music_is_heard_by_its_level_and_noise_is_not(speech):
    loud = speech.std()
    noise = np.random.default_rng(0).normal(size=len(speech)).astype(np.float32)
    alone, noisy = level(speech), level(speech + 0.1 * loud * noise)
    soft, strong = (level(speech + loud * gain * chord(len(speech))) for gain in (0.1, 0.3))
    assert noisy < -40
    assert strong > soft > max(alone, -36)
    assert strong - soft == pytest.approx(20 * np.log10(3), abs=2)


def test_it_is_heard_without_a_pause(speech):
    frames = speech[: len(speech) // 800 * 800].reshape(-1, 800)
    power = np.square(frames).mean(axis=1)
    flowing = frames[power > 0.05 * power.mean()].ravel()
    assert level(flowing + 0.1 * speech.std() * chord(len(flowing))) > max(level(flowing), -36)


def test_a_long_recording_is_judged_as_its_pieces_are(speech):
    whole = np.tile(speech + 0.1 * speech.std() * chord(len(speech)), 12)  # more than one block
    series = lasting_tones_db(whole, speech=[range(len(whole))])
    assert len(series) == len(whole) // 256 + 1
    pieces = np.array_split(series[200:-200], 8)
    assert max(abs(float(np.median(piece) - np.median(series))) for piece in pieces) < 1.5


@pytest.mark.parametrize("count", [0, 100, 5000])
def test_too_little_to_judge_is_no_music(count):
    assert (lasting_tones_db(np.ones(count, np.float32), speech=[range(count)]) == -90).all()
