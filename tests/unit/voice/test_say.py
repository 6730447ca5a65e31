"""Nobody speaks without consent; a line lasts exactly as long as its place."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.errors import ConsentError, UnknownEngineError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline, Speech, VoiceProfile
from avsynth.voice import say
from avsynth.voice.backends.world import bases


class Hummer:
    """A cloner that cannot keep to a duration."""

    name, sample_rate = "hum", 16_000
    asked: tuple[str, ...] = ()

    def languages(self):
        return ("en",)

    def clone(self, text, *, profile, language, duration=None, seed=0):
        Hummer.asked = (*Hummer.asked, text)
        hum = np.sin(np.arange(16_000) / 10).astype(np.float32)[None]
        vowel = PhonemeSpan("m", Span(Fraction(0), Fraction(1)))
        return Speech(Waveform(hum, 16_000), PhonemeTimeline((vowel,), Fraction(1)), language)


@pytest.fixture
def profile(verified):
    vector = np.zeros(256, np.float32)
    vector[0] = 1
    consent = verified("Ana", kinds=("voice",), languages=("en", "pt"))
    return VoiceProfile("Ana", vector, "ge2e", bases().voices["f2"], ("00",), 10.0, consent)


@pytest.fixture
def hummer(monkeypatch):
    Hummer.asked = ()
    monkeypatch.setattr(say.CLONERS, "get", lambda name: Hummer)
    return Hummer


def test_without_consent_no_engine_is_asked(profile, hummer, verified):
    with pytest.raises(ConsentError, match="not de"):
        say.speak("Hallo", profile=profile, language="de")
    silent = replace(profile, consent=verified("Ana", kinds=("likeness",)))
    with pytest.raises(ConsentError, match="not voice"):
        say.speak("Hello", profile=silent, language="en")
    assert hummer.asked == ()


def test_a_regional_tag_is_covered(profile, hummer):
    assert say.speak("Olá", profile=profile, language="pt-BR").language == "pt-BR"


@pytest.mark.parametrize("duration", [Fraction(1, 2), Fraction("1.0001"), Fraction(4, 3), Fraction(5)])
def test_an_engine_that_cannot_fit_is_fitted(profile, hummer, duration):
    speech = say.speak("Hm", profile=profile, language="en", duration=duration)
    assert speech.waveform.samples.shape[1] == round(duration * 16_000)
    assert speech.timeline.duration == speech.waveform.duration


def test_the_level_is_set_and_edges_are_silent(profile, hummer):
    sound = say.speak("Hm", profile=profile, language="en").waveform.samples[0]
    assert 20 * np.log10(sound.std()) == pytest.approx(-23, abs=0.2)
    assert sound[0] == sound[-1] == 0


def test_an_unknown_engine_is_named(profile):
    with pytest.raises(UnknownEngineError, match="world"):
        say.speak("Hello", profile=profile, language="en", cloner="nobody")
