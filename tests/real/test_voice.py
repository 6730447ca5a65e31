"""Real speakers are enrolled and cloned; GE2E hears whom it is."""

from __future__ import annotations

import numpy as np
import pytest

from avsynth.core.errors import InputError
from avsynth.media.read import read_audio
from avsynth.text.espeak import speak as espeak
from avsynth.voice.backends.adaptation import Settings, adapt
from avsynth.voice.base import ENCODERS
from avsynth.voice.enroll import enroll
from avsynth.voice.say import speak

SPEAKERS = {  # folder of real utterances, the reference to enroll from, and the pitch of such a voice in Hz
    "p245": ("VCTK/p245", "p245_005", (70, 115)),
    "121": ("Libri-TTS/121_f", "121_121726_000004_000003", (140, 220)),
    "p248": ("VCTK/p248", "p248_005", (165, 250)),
    "p326": ("VCTK/p326", "p326_005", (65, 110)),
}
LINE = "She had your dark suit in greasy wash water all year, and nobody cared."

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def encoder():
    return ENCODERS.get("ge2e")()


@pytest.fixture(scope="module")
def enrolled(media):
    from datetime import timedelta

    from avsynth.core.consent import Consent, VerifiedConsent, today

    def agreed(name):
        return VerifiedConsent(
            Consent("t", name, ("voice",), ("any",), "any", name, "CC BY 4.0", today(), today() + timedelta(1))
        )

    folder = media / "speech" / "yourtts_ref"
    return {
        name: enroll([folder / f"{file}.flac"], speaker=name, consent=agreed(name))
        for name, (_, file, _) in SPEAKERS.items()
    }


@pytest.fixture(scope="module")
def real(media, encoder):
    """Mean vector of two other utterances of each speaker."""
    means = []
    for folder, file, _ in SPEAKERS.values():
        paths = [p for p in sorted((media / "speech" / "yourtts_gt" / folder).glob("*.flac")) if p.stem != file][:2]
        mean = np.mean([encoder.embed(read_audio(path)) for path in paths], axis=0)
        means.append(mean / np.linalg.norm(mean))
    return np.array(means)


def test_pitch_is_in_the_range_of_the_speaker(enrolled):
    for name, (_, _, (low, high)) in SPEAKERS.items():
        assert low < enrolled[name].statistics.f0_median_hz < high, name


def test_an_enrolled_voice_is_recognized(enrolled, real):
    likeness = np.array([profile.embedding for profile in enrolled.values()]) @ real.T
    assert (likeness.argmax(axis=1) == np.arange(len(SPEAKERS))).all()
    assert np.diag(likeness).min() > 0.8  # the study: .88 for one speaker, .54 for two


def test_cloning_brings_speech_nearer_to_its_speaker(enrolled, real, encoder):
    plain, cloned = [], []
    for index, profile in enumerate(enrolled.values()):
        speech = speak(LINE, profile=profile, language="en")
        cloned.append(encoder.embed(speech.waveform) @ real.T)
        plain.append(encoder.embed(espeak(LINE, language="en").waveform) @ real[index])
    likeness = np.array(cloned)
    own = np.diag(likeness)
    others = (likeness.sum(axis=1) - own) / (len(own) - 1)
    assert own.mean() > 0.6
    assert own.mean() > np.mean(plain) + 0.05
    assert own.mean() > others.mean() + 0.05


def test_fitting_brings_speech_nearer_still(enrolled, real, encoder):
    plain, fitted = [], []
    for index, profile in enumerate(list(enrolled.values())[:2]):
        for found, one in ((plain, profile), (fitted, adapt(profile, settings=Settings(steps=20)))):
            speech = speak(LINE, profile=one, language="en")
            found.append(encoder.embed(speech.waveform) @ real[index])
    assert np.mean(fitted) > np.mean(plain) + 0.01


def test_a_voice_is_enrolled_from_films(media, verified):
    films = sorted((media / "talking" / "grid_s1" / "video").glob("*"))[:3]
    profile = enroll(films, speaker="Ana", consent=verified("Ana"))
    assert 3 <= profile.speech_seconds < 9
    assert 75 < profile.statistics.f0_median_hz < 180
    assert len(set(profile.sample_hashes)) == 3


def test_one_short_film_is_not_enough(media, verified):
    film = sorted((media / "talking" / "grid").glob("*.mpg"))[0]
    with pytest.raises(InputError, match="s of speech was found"):
        enroll([film], speaker="Ana", consent=verified("Ana"))
