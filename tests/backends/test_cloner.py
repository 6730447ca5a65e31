"""Every cloner keeps the promises of ``Cloner``."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.consent import Consent, VerifiedConsent, today
from avsynth.core.errors import InputError
from avsynth.core.speech import VoiceProfile
from avsynth.text.espeak import phonemize
from avsynth.voice.backends.world import bases
from avsynth.voice.base import CLONERS
from avsynth.voice.pitch import track

TEXT = "We met again, and nobody cared."


@pytest.fixture(scope="module", params=CLONERS.names())
def cloner(request):
    return CLONERS.get(request.param)()


def profile_of(hz: float) -> VoiceProfile:
    vector = np.zeros(256, np.float32)
    vector[0] = 1
    record = Consent("t", "Ana", ("voice",), ("any",), "any", "Ana", "a test", today(), today())
    voice = replace(bases().voices["f2"], f0_median_hz=hz)
    return VoiceProfile("Ana", vector, "ge2e", voice, ("00",), 10.0, VerifiedConsent(record))


@pytest.fixture(scope="module")
def natural(cloner):
    return cloner.clone(TEXT, profile=profile_of(170), language="en")


def test_the_shape_of_speech(cloner, natural):
    assert natural.waveform.channels == 1
    assert natural.waveform.sample_rate == cloner.sample_rate
    assert natural.timeline.duration == natural.waveform.duration
    assert natural.stretch == 1.0
    assert natural.language == "en"
    assert np.isfinite(natural.waveform.samples).all()


def test_the_phonemes_are_those_of_the_text(natural):
    assert [phoneme.symbol for phoneme in natural.timeline] == list(phonemize(TEXT, language="en"))
    assert all(phoneme.score == 1.0 for phoneme in natural.timeline)


def test_sound_is_where_the_phonemes_are(natural):
    rate, sound = natural.waveform.sample_rate, natural.waveform.samples[0]
    inside = np.zeros(len(sound), bool)
    for phoneme in natural.timeline:
        inside[round(phoneme.span.start * rate) : round(phoneme.span.end * rate)] = True
    power = np.square(sound, dtype=np.float64)
    assert power[inside].mean() > 100 * power[~inside].mean()


@pytest.mark.parametrize("hz", [85, 120, 240])
def test_the_voice_has_the_target_s_pitch(cloner, hz):
    speech = cloner.clone(TEXT, profile=profile_of(hz), language="en")
    f0 = track(speech.waveform.samples[0], sample_rate=speech.waveform.sample_rate)
    assert np.median(f0[f0 > 0]) == pytest.approx(hz, rel=0.08)


def test_the_same_arguments_give_the_same_bytes(cloner, natural):
    again = cloner.clone(TEXT, profile=profile_of(170), language="en")
    assert again.waveform.samples.tobytes() == natural.waveform.samples.tobytes()
    assert again.timeline == natural.timeline


@pytest.mark.parametrize("factor", ["0.6", "0.75", "1", "1.2", "1.37"])
def test_speech_reaches_its_duration_to_the_sample(cloner, natural, factor):
    duration = natural.waveform.duration * Fraction(factor) + Fraction(1, 7919)
    speech = cloner.clone(TEXT, profile=profile_of(170), language="en", duration=duration)
    assert speech.waveform.samples.shape[1] == round(duration * cloner.sample_rate)
    assert speech.timeline.duration == speech.waveform.duration
    assert [p.symbol for p in speech.timeline] == [p.symbol for p in natural.timeline]
    assert speech.stretch == pytest.approx(float(factor), rel=0.01)
    assert speech.timeline.phonemes[-1].span.end > Fraction(9, 10) * speech.timeline.duration


def test_a_long_place_ends_in_silence(cloner, natural):
    duration = natural.waveform.duration * 3
    speech = cloner.clone(TEXT, profile=profile_of(170), language="en", duration=duration)
    assert speech.waveform.duration == duration
    assert speech.stretch <= 1.401
    end = speech.timeline.phonemes[-1].span.end
    assert end < duration / 2
    assert (speech.waveform.samples[0, round((end + Fraction(1, 5)) * cloner.sample_rate) :] == 0).all()


@pytest.mark.parametrize(
    ("language", "text"),
    [("es", "Mañana volvemos a casa."), ("de", "Morgen gehen wir heim."), ("hi", "हम घर जा रहे हैं।")],
)
def test_other_languages(cloner, language, text):
    assert language in cloner.languages()
    speech = cloner.clone(text, profile=profile_of(120), language=language)
    assert [p.symbol for p in speech.timeline] == list(phonemize(text, language=language))


def test_what_cannot_be_said_is_an_error(cloner):
    for text, language in (("", "en"), ("...", "en"), ("Hello", "xx-nowhere")):
        with pytest.raises(InputError):
            cloner.clone(text, profile=profile_of(120), language=language)


@pytest.mark.parametrize("duration", [Fraction(0), Fraction(1, 4000)])
def test_a_place_that_holds_no_speech_is_an_error(cloner, duration):
    with pytest.raises(InputError, match=r"time|duration"):
        cloner.clone(TEXT, profile=profile_of(120), language="en", duration=duration)
