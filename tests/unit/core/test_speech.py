"""Timelines stay in order, speech lasts as long as its timeline, and no voice exists without consent."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.consent import Consent
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline, Speech, VoiceProfile, VoiceStatistics


@st.composite
def timelines(draw):
    edges = sorted(draw(st.lists(st.fractions(0, 10, max_denominator=48_000), max_size=12, unique=True)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    phonemes = tuple(PhonemeSpan(draw(st.sampled_from("aiuptk")), Span(a, b)) for a, b in pairs)
    return PhonemeTimeline(phonemes, Fraction(10))


factors = st.fractions(Fraction(1, 4), 4, max_denominator=1000)


@given(timelines(), factors)
def test_stretching_scales_every_time_and_comes_back(timeline, factor):
    longer = timeline.stretch(factor)
    assert longer.duration == timeline.duration * factor
    assert [p.span.duration for p in longer] == [p.span.duration * factor for p in timeline]
    assert longer.stretch(1 / factor) == timeline


@given(timelines(), st.fractions(0, 100, max_denominator=90_000))
def test_placing_moves_every_time(timeline, start):
    placed = timeline.place(start, Fraction(200))
    assert placed.duration == 200
    assert [p.span.start - start for p in placed] == [p.span.start for p in timeline]
    assert len(placed) == len(timeline)


@given(timelines(), st.fractions(Fraction(1, 1000), 12, max_denominator=1000))
def test_within_cuts_what_lies_beyond(timeline, duration):
    short = timeline.within(duration)
    assert short.duration == duration
    assert [p.symbol for p in short] == [p.symbol for p in timeline if p.span.start < duration]
    assert all(p.span.end == min(q.span.end, duration) for p, q in zip(short, timeline, strict=False))


def phoneme(start, end):
    return PhonemeSpan("a", Span(Fraction(start), Fraction(end)))


@pytest.mark.parametrize(
    ("phonemes", "message"),
    [
        ((phoneme(0, 2), phoneme(1, 3)), "starts at 1, before 2"),
        ((phoneme(2, 3), phoneme(0, 1)), "starts at 0, before 3"),
        ((phoneme(-1, 1),), "starts at -1, before 0"),
        ((phoneme(3, 5),), "ends at 5, after the end at 4"),
    ],
)
def test_timelines_refuse_disorder(phonemes, message):
    with pytest.raises(ValueError, match=message):
        PhonemeTimeline(phonemes, Fraction(4))


def test_speech_lasts_as_long_as_its_timeline():
    sound = Waveform(np.zeros((1, 480), np.float32), 48_000)
    Speech(sound, PhonemeTimeline((), Fraction(1, 100)), "es")
    with pytest.raises(ValueError, match="must agree"):
        Speech(sound, PhonemeTimeline((), Fraction(481, 48_000)), "es")


STATISTICS = VoiceStatistics(120.0, 0.2, np.zeros(4, np.float32), np.ones(4, np.float32))


def profile(consent, **changes):
    fields = {
        "speaker": "Ana",
        "embedding": np.array([0.6, 0.8], np.float32),
        "encoder": "ge2e",
        "statistics": STATISTICS,
        "sample_hashes": ("0" * 64,),
        "speech_seconds": 12.5,
    }
    return VoiceProfile(**{**fields, **changes}, consent=consent)


def test_a_voice_needs_a_verified_consent(consent_of, verified):
    assert profile(verified("Ana")).consent.speaker == "Ana"
    for nothing in (None, consent_of("Ana"), "yes", object()):
        with pytest.raises(TypeError, match="needs a VerifiedConsent"):
            profile(nothing)
    with pytest.raises(TypeError, match="consent"):
        VoiceProfile("Ana", np.ones(1, np.float32), "ge2e", STATISTICS, (), 1.0)
    with pytest.raises(TypeError, match="needs a VerifiedConsent"):
        replace(profile(verified("Ana")), consent=consent_of("Ana"))
    assert isinstance(consent_of("Ana"), Consent)


def test_a_voice_is_the_consenting_speakers(verified):
    with pytest.raises(ValueError, match="the consent is of 'Eva', the voice of 'Ana'"):
        profile(verified("Eva"))


@pytest.mark.parametrize("embedding", [np.ones(2, np.float32), np.zeros(2, np.float32), np.eye(2, dtype=np.float32)])
def test_embeddings_are_unit_vectors(verified, embedding):
    with pytest.raises(ValueError, match="unit vector"):
        profile(verified("Ana"), embedding=embedding)


def test_statistics_are_of_a_voice():
    with pytest.raises(ValueError, match=r"5\.0 Hz is no voice"):
        VoiceStatistics(5.0, 0.2, np.zeros(4, np.float32), np.zeros(4, np.float32))
    with pytest.raises(ValueError, match="shapes differ"):
        VoiceStatistics(120.0, 0.2, np.zeros(4, np.float32), np.zeros(5, np.float32))
