"""A fitted voice: which weights it brings, that it is made again the same, and what it is refused for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from avsynth.audio.resample import resample
from avsynth.core.consent import Consent, VerifiedConsent, today
from avsynth.core.errors import InputError
from avsynth.core.speech import VoiceProfile
from avsynth.models.hub import find_card
from avsynth.models.voice_converter import phone_chances
from avsynth.text.espeak import phonemize, speak
from avsynth.voice.backends import neural
from avsynth.voice.backends.adaptation import Settings, adapt
from avsynth.voice.backends.ge2e import Ge2eEncoder
from avsynth.voice.backends.neural import Caution, Networks, own_converter, source_of_text
from avsynth.voice.base import CLONERS
from avsynth.voice.enroll import sample_of
from avsynth.voice.phones import SILENCE, phones_of
from avsynth.voice.statistics import measure
from avsynth.voice.weights import CONVERTER

TEXT = "We met again in the morning, and nobody cared about the weather."
pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def profile() -> VoiceProfile:
    sound = resample(speak(TEXT, language="en", voice_variant="f2").waveform, 16_000)
    record = VerifiedConsent(Consent("t", "Ana", ("voice",), ("any",), "any", "Ana", "a test", today(), today()))
    vector = Ge2eEncoder().embed(sound)
    return VoiceProfile("Ana", vector, "ge2e", measure(sound), ("00",), 4.0, record, sample_of(sound.samples[0]))


@pytest.fixture(scope="module")
def fitted(profile: VoiceProfile) -> VoiceProfile:
    return adapt(profile, settings=Settings(steps=2))


def test_the_weights_of_a_voice_are_those_that_make_it(fitted: VoiceProfile):
    assert fitted.adapted_from == find_card(CONVERTER).sha256
    assert all(values.dtype == np.float16 for values in fitted.adapted.values())
    parts = {name.partition(".")[0] for name in fitted.adapted}
    assert parts == {"speaker", "leave", "found", "blocks"}
    assert all(".film." in name for name in fitted.adapted if name.startswith("blocks."))


def test_the_same_speech_gives_the_same_weights(profile: VoiceProfile, fitted: VoiceProfile):
    again = adapt(profile, settings=Settings(steps=2))
    assert again.adapted.keys() == fitted.adapted.keys()
    assert all(np.array_equal(again.adapted[name], fitted.adapted[name]) for name in again.adapted)


def test_the_cloner_speaks_with_them(profile: VoiceProfile, fitted: VoiceProfile):
    cloner = CLONERS.get("neural")("espeak")
    plain, own = (cloner.clone("Good morning.", profile=one, language="en") for one in (profile, fitted))
    assert plain.timeline == own.timeline
    assert not np.array_equal(plain.waveform.samples, own.waveform.samples)


@pytest.mark.parametrize(
    ("language", "text"),
    [("de", "Die junge Ärztin schloss die schwere Tür."), ("fr", "Du pain frais, de la soupe chaude, voilà tout.")],
)
def test_what_a_base_cannot_have_said_is_not_heard(profile: VoiceProfile, language: str, text: str):
    content = source_of_text(profile, text, language=language).content
    heard = phone_chances(content)[0].argmax(dim=0).unique().tolist()
    said = {phone for symbol in phonemize(text, language=language) for phone in phones_of(symbol)}
    assert set(heard) == said | {SILENCE}


def test_a_language_is_the_same_however_its_tag_is_written(profile: VoiceProfile):
    plain, other = (CLONERS.get("neural")().clone("Voilà tout.", profile=profile, language=tag) for tag in ("fr", "FR"))
    assert np.array_equal(plain.waveform.samples, other.waveform.samples)


@pytest.mark.parametrize("followed", [0.0, 0.7, 1.0])
def test_fitted_weights_are_followed_so_far(fitted: VoiceProfile, followed: float):
    networks = Networks.load()
    own = own_converter(fitted, networks=networks, followed=followed)
    for name, values in fitted.adapted.items():
        plain, found = (network.get_parameter(name).detach().numpy() for network in (networks.converter, own))
        assert np.allclose(found, plain + followed * (values - plain), atol=1e-6)
    other = set(dict(own.named_parameters())) - set(fitted.adapted)
    assert all(torch.equal(own.get_parameter(name), networks.converter.get_parameter(name)) for name in other)


def test_a_base_that_does_not_tell_its_phonemes_is_followed_with_its_languages_caution(
    profile: VoiceProfile, fitted: VoiceProfile, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(neural, "_GUESSED_OF", {"fr": Caution(kept=0.5, followed=0.0)})
    cloner = CLONERS.get("neural")("nanotts")
    for language, text, same in (("fr", "Voilà tout.", True), ("de", "Das ist alles.", False)):
        spoken = (cloner.clone(text, profile=one, language=language) for one in (profile, fitted))
        plain, own = (speech.waveform.samples for speech in spoken)
        assert np.array_equal(plain, own) is same


def test_weights_for_another_converter_are_refused(fitted: VoiceProfile):
    with pytest.raises(InputError, match="enroll it again"):
        CLONERS.get("neural")("espeak").clone(
            "Good morning.", profile=replace(fitted, adapted_from="00" * 32), language="en"
        )


@pytest.mark.parametrize("change", [{"sample": None}, {"encoder": "ecapa"}])
def test_what_cannot_be_fitted_is_told(profile: VoiceProfile, change: dict[str, object]):
    with pytest.raises(InputError, match="enroll it again with the encoder ge2e"):
        adapt(replace(profile, **change))
