"""A finished line has a sane level, silent pauses and no clicks."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from avsynth.audio.loudness import true_peak_db
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline, Speech
from avsynth.voice.finish import finish

RATE = 24_000


def speech(sound):
    spans = (("a", "0.5", "1"), ("o", "1.5", "2"))
    timeline = PhonemeTimeline(tuple(PhonemeSpan(s, Span(Fraction(a), Fraction(b))) for s, a, b in spans), Fraction(3))
    return Speech(Waveform(sound.astype(np.float32)[None], RATE), timeline, "en")


@pytest.mark.parametrize("level", [0.001, 0.1, 3.0])
def test_level_and_silence(level):
    noise = np.random.default_rng(0).normal(0, level, 3 * RATE)
    out = finish(speech(noise)).waveform.samples[0]
    spoken = out[round(0.5 * RATE) : RATE]
    assert 20 * np.log10(spoken.std()) == pytest.approx(-23, abs=0.3)
    assert (out[: round(0.48 * RATE)] == 0).all()
    assert (out[round(1.05 * RATE) + 1 : round(1.48 * RATE)] == 0).all()
    assert (out[round(2.05 * RATE) + 1 :] == 0).all()


def test_edges_do_not_click():
    out = finish(speech(np.full(3 * RATE, 0.3))).waveform.samples[0]
    assert np.abs(np.diff(out)).max() < 1.05 * out.max() / (0.005 * RATE)


def test_peaks_are_held_down():
    spiky = np.random.default_rng(0).normal(0, 0.01, 3 * RATE)
    spiky[round(0.75 * RATE) :: 4000] = 2.0
    assert true_peak_db(finish(speech(spiky)).waveform) <= -0.9


def test_times_are_not_touched_and_silence_stays_silent():
    silent = speech(np.zeros(3 * RATE))
    out = finish(silent)
    assert out.timeline == silent.timeline
    assert (out.waveform.samples == 0).all()
