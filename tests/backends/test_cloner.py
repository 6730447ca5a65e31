"""Every cloner keeps the promises of ``Cloner``.

Guests, which imitate a recording with a published network, are not asked for its voice here: none of their weights is
at hand. Each runs its adapter on a stand-in for its library, with the classes, arguments and shapes of the version that
the adapter's docstring names; it speaks with espeak-ng, so that words can be timed.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from functools import cache

import guests
import numpy as np
import pytest

from avsynth.audio.resample import resample
from avsynth.core.consent import Consent, VerifiedConsent, today
from avsynth.core.errors import InputError, MissingExtraError, ModelError
from avsynth.core.serial import from_json, to_json
from avsynth.core.speech import Speech, VoiceProfile, VoiceSample
from avsynth.metrics.clicks import clicks
from avsynth.metrics.edges import edge_levels
from avsynth.text.espeak import phonemize, speak
from avsynth.voice.backends.world import bases
from avsynth.voice.base import CLONERS, PROMPT_RATE, acts
from avsynth.voice.delivery import PLACES, Delivery, Pause
from avsynth.voice.enroll import sample_of
from avsynth.voice.pitch import track

TEXT = "We met again, and nobody cared."


@pytest.fixture(scope="module", params=[name for name in CLONERS.names() if name not in guests.LIBRARIES])
def cloner(request):
    """Over espeak-ng where a cloner takes a base: of other bases' phonemes the text does not tell."""
    kind = CLONERS.get(request.param)
    return kind("espeak") if getattr(kind, "takes_base", False) else kind()


@cache
def sample() -> VoiceSample:
    return sample_of(resample(speak(TEXT * 3, language="en", voice_variant="f2").waveform, 16_000).samples[0])


def profile_of(hz: float) -> VoiceProfile:
    vector = np.zeros(256, np.float32)
    vector[0] = 1
    record = Consent("t", "Ana", ("voice",), ("any",), "any", "Ana", "a test", today(), today())
    voice = replace(bases().voices["f2"], f0_median_hz=hz)
    return VoiceProfile("Ana", vector, "ge2e", voice, ("00",), 10.0, VerifiedConsent(record), sample())


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


def test_the_first_and_the_last_phoneme_are_whole_and_nothing_follows(natural):
    """As loud against the line as in the base's own speech; a cut one would be fainter, a hum afterwards louder."""

    spoken = speak(TEXT, language="en", voice_variant="f2")
    ends, wanted = (edge_levels(line.waveform, timeline=line.timeline) for line in (natural, spoken))
    assert ends.fainter_than(wanted) < 6
    assert ends.after_db < wanted.after_db + 6


def test_speech_does_not_click(natural):
    assert clicks(natural.waveform) == []


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


@pytest.fixture(scope="module", params=guests.LIBRARIES, ids=[f"{name}-stand-in" for name in guests.LIBRARIES])
def guest(request, tmp_path_factory):
    with guests.installed(request.param), pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVSYNTH_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("AVSYNTH_GUESTS", raising=False)
        guests.add_weights(request.param)
        yield CLONERS.get(request.param)()


def prompted(seconds: float = 2.0) -> VoiceProfile:
    hum = np.sin(np.arange(round(seconds * PROMPT_RATE)) / 20) * 8000
    return replace(profile_of(120), prompt=hum.astype(np.int16))


@pytest.fixture(scope="module")
def guest_speech(guest):
    return guest.clone(TEXT, profile=prompted(), language="en")


def test_a_guest_s_words_are_timed_and_nothing_is_kept_around_them(guest, guest_speech):
    assert guest_speech.waveform.channels == 1
    assert guest_speech.waveform.sample_rate == guest.sample_rate
    assert guest_speech.timeline.duration == guest_speech.waveform.duration
    assert [phoneme.symbol for phoneme in guest_speech.timeline] == list(phonemize(TEXT, language="en"))
    assert guest_speech.stretch == 1.0
    spans = [phoneme.span for phoneme in guest_speech.timeline]
    assert spans[0].start <= Fraction(21, 1000)
    assert guest_speech.waveform.duration - spans[-1].end <= Fraction(51, 1000)  # a sample more or less
    assert "en" in guest.languages()


def test_a_guest_hears_the_recording(guest, guest_speech):
    assert guests.HEARD[guest.name] == pytest.approx(2.0, abs=0.01)
    guest.clone(TEXT, profile=prompted(3.0), language="en")
    assert guests.HEARD[guest.name] == pytest.approx(3.0, abs=0.01)


def test_a_guest_repeats_itself_unless_the_seed_differs(guest, guest_speech):
    again = guest.clone(TEXT, profile=prompted(), language="en")
    assert again.waveform.samples.tobytes() == guest_speech.waveform.samples.tobytes()
    assert again.timeline == guest_speech.timeline
    other = guest.clone(TEXT, profile=prompted(), language="en", seed=1)
    assert other.waveform.samples.tobytes() != guest_speech.waveform.samples.tobytes()


@pytest.mark.parametrize("factor", ["0.75", "1.3"])
def test_a_guest_s_speech_reaches_its_duration_to_the_sample(guest, guest_speech, factor):
    duration = guest_speech.waveform.duration * Fraction(factor) + Fraction(1, 7919)
    speech = guest.clone(TEXT, profile=prompted(), language="en", duration=duration)
    assert speech.waveform.samples.shape[1] == round(duration * guest.sample_rate)
    assert speech.timeline.duration == speech.waveform.duration
    assert speech.stretch == pytest.approx(float(factor), rel=0.01)
    assert speech.timeline.phonemes[-1].span.end > Fraction(9, 10) * duration


def test_a_guest_s_long_place_ends_in_silence(guest, guest_speech):
    duration = guest_speech.waveform.duration * 3
    speech = guest.clone(TEXT, profile=prompted(), language="en", duration=duration)
    assert speech.waveform.duration == duration
    assert speech.stretch <= 1.401
    end = speech.timeline.phonemes[-1].span.end
    assert end < duration / 2
    assert (speech.waveform.samples[0, round((end + Fraction(1, 5)) * guest.sample_rate) :] == 0).all()


def test_a_guest_refuses_what_cannot_be_said(guest):
    for text, language in (("", "en"), ("...", "en"), ("Hello", "xx-nowhere")):
        with pytest.raises(InputError):
            guest.clone(text, profile=prompted(), language=language)
    for duration in (Fraction(0), Fraction(1, 4000)):
        with pytest.raises(InputError, match=r"time|duration|stretch"):
            guest.clone(TEXT, profile=prompted(), language="en", duration=duration)


def test_a_guest_needs_a_recording(guest):
    with pytest.raises(InputError, match=r"holds no recording.*enroll it again"):
        guest.clone(TEXT, profile=profile_of(120), language="en")


def test_a_guest_without_weights_says_how_to_get_them(guest, tmp_path, monkeypatch):
    monkeypatch.setenv("AVSYNTH_HOME", str(tmp_path))
    guests.forget(guest.name, monkeypatch)
    with pytest.raises(ModelError, match=r"avsynth models add cloner/.* --accept-license"):
        guest.clone(TEXT, profile=prompted(), language="en")


@pytest.mark.parametrize("name", [name for name in guests.LIBRARIES if name != "speechbrain"])
def test_a_guest_without_its_package_says_what_to_install(name):
    with guests.absent(name), pytest.raises(MissingExtraError, match=rf"needs '\w+.*pip install 'avsynth\[{name}\]'"):
        CLONERS.get(name)


def test_guests_that_may_not_earn_money_must_be_accepted():
    from avsynth.models.card import cards

    restricted = {card.name for card in cards() if card.name.startswith("cloner/") and card.restricted}
    assert restricted == {"cloner/omnivoice", "cloner/xtts"}


def test_a_profile_keeps_its_recording():
    profile = prompted()
    assert (from_json(to_json(profile), VoiceProfile).prompt == profile.prompt).all()
    for wrong in (np.zeros(0, np.int16), np.zeros(9, np.float32), np.zeros((1, 9), np.int16)):
        with pytest.raises(ValueError, match="prompt must be"):
            replace(profile, prompt=wrong)


def pitch_between(one: Speech, other: Speech) -> tuple[np.ndarray, np.ndarray]:
    """How much higher each phoneme of a line is than in another reading of it, and where in the line it is, 0 to 1."""
    heights, lengths = [], [float(phoneme.span.duration) for phoneme in one.timeline]
    for speech in (one, other):
        f0 = track(speech.waveform.samples[0], sample_rate=speech.waveform.sample_rate)
        rate = len(f0) / float(speech.waveform.duration)
        inside = [f0[round(p.span.start * rate) : round(p.span.end * rate)] for p in speech.timeline]
        heights.append([np.log(np.median(part[part > 0])) if (part > 0).sum() > 2 else np.nan for part in inside])
    ends = np.cumsum(lengths)
    return (ends - np.array(lengths) / 2) / ends[-1], np.subtract(*heights)


def test_a_cloner_that_acts_follows_the_original(cloner, natural):
    """Higher, with the stress where it was, and with the original's pause."""
    if not acts(cloner):
        pytest.skip("speaks in its own way")
    places = np.linspace(0, 1, PLACES)
    early, late = (0.25 * np.exp(-0.5 * ((places - at) / 0.1) ** 2) for at in (0.25, 0.75))
    flat = np.zeros(PLACES)
    # The text's only pause is at its comma, after about four tenths of its sounds.
    first = Delivery(0.15, 0.1, early, flat, (Pause(0.4, 0.8),))
    second = Delivery(0.15, 0.1, late, flat, ())
    made = [
        cloner.clone(TEXT, profile=profile_of(170), language="en", delivery=delivery) for delivery in (first, second)
    ]
    heard = [Delivery.of(speech.waveform, f0_median_hz=170) for speech in made]
    plain = Delivery.of(natural.waveform, f0_median_hz=170)
    assert heard[0]
    assert heard[1]
    assert plain
    assert heard[1].level - plain.level == pytest.approx(0.15, abs=0.06)
    where, turned = pitch_between(*made)
    assert np.nanmean(turned[np.abs(where - 0.25) < 0.12]) > 0.05
    assert np.nanmean(turned[np.abs(where - 0.75) < 0.12]) < -0.05
    gaps = [max(float(b.span.start - a.span.end) for a, b in itertools.pairwise(speech.timeline)) for speech in made]
    assert gaps[0] == pytest.approx(0.8, abs=0.01)
    assert gaps[1] < 0.5


def test_the_original_s_stress_is_not_taken_back_by_what_a_base_keeps():
    """Of Pico's own movement some is kept, and Pico does not know of the stress."""
    speaker, places = CLONERS.get("neural")("nanotts"), np.linspace(0, 1, PLACES)
    loudness = 0.8 * np.sign(0.5 - places)
    falling = Delivery(level=0.0, spread=0.2, pitch=np.zeros(PLACES), loudness=loudness, pauses=())
    fallen = []
    for delivery in (None, falling):
        sound = speaker.clone("El tren sale a las ocho.", profile=profile_of(170), language="es", delivery=delivery)
        first, second = np.array_split(sound.waveform.samples[0], 2)
        fallen.append(20 * np.log10(first.std() / second.std()))
    assert fallen[1] - fallen[0] > 3
