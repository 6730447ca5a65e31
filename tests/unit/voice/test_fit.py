"""Any speech fits any place to the sample, and its phonemes go with it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline, Speech
from avsynth.voice.fit import fit

RATE = 8000


def tones(*, stretch=1.0):
    """0.2 s pause, 0.4 s of 200 Hz, 0.4 s pause, 0.5 s of 400 Hz."""
    time = np.arange(12_000) / RATE
    sound = np.where(time < 1, np.sin(2 * np.pi * 200 * time), np.sin(2 * np.pi * 400 * time)) * 0.5
    sound[:1600] = sound[4800:8000] = 0
    spans = [("a", "0.2", "0.6"), ("o", "1", "1.5")]
    timeline = [PhonemeSpan(s, Span(Fraction(a), Fraction(b))) for s, a, b in spans]
    return Speech(
        Waveform(sound.astype(np.float32)[None], RATE), PhonemeTimeline(tuple(timeline), Fraction(3, 2)), "en", stretch
    )


def loudness(speech, phoneme):
    inside = [round(t * RATE) for t in (phoneme.span.start, phoneme.span.end)]
    edge = (inside[1] - inside[0]) // 8
    return float(speech.waveform.samples[0, inside[0] + edge : inside[1] - edge].std())


@settings(max_examples=60)
@given(st.fractions(min_value=Fraction(9, 20), max_value=6, max_denominator=48_000))
def test_it_lands_on_the_sample(duration):
    fitted = fit(tones(), duration)
    assert fitted.waveform.samples.shape == (1, round(duration * RATE))
    assert fitted.timeline.duration == fitted.waveform.duration == Fraction(round(duration * RATE), RATE)
    assert [p.symbol for p in fitted.timeline] == ["a", "o"]
    first, second = fitted.timeline
    assert first.span.end <= second.span.start
    assert second.span.end <= fitted.timeline.duration


@pytest.mark.parametrize("duration", ["0.7", "1.2", "1.35", "1.8", "2.0", "4"])
def test_the_sound_is_where_the_timeline_says(duration):
    fitted = fit(tones(), Fraction(duration))
    for phoneme in fitted.timeline:
        assert loudness(fitted, phoneme) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)
    pause = slice(
        round(fitted.timeline.phonemes[0].span.end * RATE) + 60,
        round(fitted.timeline.phonemes[1].span.start * RATE) - 60,
    )
    assert np.abs(fitted.waveform.samples[0, pause]).max() < 0.05


def test_pauses_alone_take_a_small_change():
    fitted = fit(tones(), Fraction("1.2"))  # 0.3 s of the 0.36 s that pauses may give
    assert [p.span.duration for p in fitted.timeline] == [Fraction("0.4"), Fraction("0.5")]
    assert fitted.timeline.phonemes[0].span.start == Fraction("0.1")
    assert fitted.stretch == pytest.approx(0.8)


def test_what_fits_is_not_touched():
    speech = tones()
    assert fit(speech, Fraction(3, 2)) is speech


def test_a_long_place_ends_in_silence():
    fitted = fit(tones(), Fraction(4))
    assert fitted.stretch == pytest.approx(1.4)
    assert fitted.timeline.phonemes[-1].span.end == Fraction("2.1")
    assert (fitted.waveform.samples[0, 16_800:] == 0).all()


def test_speech_that_is_drawled_already_is_not_drawled_more():
    fitted = fit(tones(stretch=1.4), Fraction(2))
    assert fitted.timeline.phonemes[-1].span.end == Fraction("1.5")
    assert fitted.stretch == pytest.approx(1.4)


def test_hurrying_is_told():
    assert fit(tones(stretch=0.9), Fraction("0.75")).stretch == pytest.approx(0.45)


@pytest.mark.parametrize("duration", ["0", "-1", "0.1"])
def test_an_impossible_place_is_an_error(duration):
    with pytest.raises(InputError, match=r"longer place|shorten"):
        fit(tones(), Fraction(duration))


def test_the_pitch_stays():
    fitted = fit(tones(), Fraction(2))
    start, end = (
        round(t * RATE) for t in (fitted.timeline.phonemes[1].span.start, fitted.timeline.phonemes[1].span.end)
    )
    part = fitted.waveform.samples[0, start:end]
    peak = np.argmax(np.abs(np.fft.rfft(part * np.hanning(len(part))))) * RATE / len(part)
    assert peak == pytest.approx(400, abs=3)
