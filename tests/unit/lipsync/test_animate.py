from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.lipsync.animate import animate
from avsynth.lipsync.prior import SHIPPED, Taps
from avsynth.lipsync.visemes import BASIS, Contact, visemes
from avsynth.text.espeak import speak

OPENING, WIDTH, PROTRUSION, TUCK = range(4)
RATES = [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60)]


def say(*sounds: tuple[str, int], start_ms: int = 300, tail_ms: int = 500) -> PhonemeTimeline:
    """Phonemes with their milliseconds, in a row; an empty symbol is a pause."""
    at, spans = Fraction(start_ms, 1000), []
    for symbol, milliseconds in sounds:
        end = at + Fraction(milliseconds, 1000)
        if symbol:
            spans.append(PhonemeSpan(symbol, Span(at, end)))
        at = end
    return PhonemeTimeline(tuple(spans), at + Fraction(tail_ms, 1000))


def curve(timeline: PhonemeTimeline, rate: Fraction = Fraction(100), *, prior: Taps | None = None) -> np.ndarray:
    """By the rules alone, unless a prior is given."""
    return animate(timeline, frame_rate=rate, frame_count=int(timeline.duration * rate), prior=prior).coefficients


timelines = st.lists(
    st.tuples(st.sampled_from(["p", "b", "m", "a", "i", "u", "s", "t", "f", "k", "w", "aɪ", ""]), st.integers(20, 250)),
    min_size=1,
    max_size=20,
).map(lambda sounds: say(*sounds))


@settings(max_examples=60, deadline=None)
@given(timelines, st.sampled_from(RATES))
def test_every_bilabial_closes_the_lips_and_nothing_leaves_its_range(timeline: PhonemeTimeline, rate: Fraction) -> None:
    motion = animate(timeline, frame_rate=rate, frame_count=int(timeline.duration * rate) + 1)
    values = motion.coefficients
    for phoneme in timeline:
        if any(v.contact is Contact.LIPS for v in visemes(phoneme.symbol)):
            inside = phoneme.span.frames(rate)
            assert (values[list(inside), OPENING] == 0).all()
            near = range(max(inside.start - 1, 0), inside.stop + 1)
            assert (values[list(near), OPENING] == 0).any()
    assert motion.basis == BASIS
    assert (values >= np.array([0, -1, 0, 0, 0])).all()
    assert (values <= 1.0001).all()


@settings(max_examples=60, deadline=None)
@given(timelines, st.sampled_from(RATES))
def test_pauses_show_a_closed_mouth(timeline: PhonemeTimeline, rate: Fraction) -> None:
    count = int(timeline.duration * rate)
    opening = animate(timeline, frame_rate=rate, frame_count=count).coefficients[:, OPENING]
    edges = [Fraction(-1), *[t for p in timeline for t in (p.span.start, p.span.end)], timeline.duration + 1]
    for end, start in zip(edges[::2], edges[1::2], strict=True):
        if start - end > Fraction(12, 100):
            frames = Span(end, start).frames(rate)
            released = [f for f in frames if f / rate >= end + Fraction(1, 10) and f / rate <= start - Fraction(9, 100)]
            assert (opening[[f for f in released if 0 <= f < count]] == 0).all()


def test_the_mouth_opens_just_before_the_sound_and_closes_after_it() -> None:
    opening = curve(say(("a", 200)))[:, OPENING]  # from 0.30 to 0.50 s at 100 frames a second
    assert (opening[:21] == 0).all()
    assert (opening[60:] == 0).all()
    assert opening[24] > 0
    assert opening[30] > 0.8
    assert 0 < opening[58] < 0.2
    assert np.abs(np.diff(opening)).max() < 0.2  # no snap


@settings(max_examples=30, deadline=None)
@given(timelines)
def test_the_motion_does_not_depend_on_the_frame_rate(timeline: PhonemeTimeline) -> None:
    count = int(timeline.duration * 25)
    slow = animate(timeline, frame_rate=Fraction(25), frame_count=count).coefficients
    fast = animate(timeline, frame_rate=Fraction(50), frame_count=2 * count).coefficients[::2]
    forced = (slow[:, OPENING] == 0) != (fast[:, OPENING] == 0)  # frames that close for a bilabial shorter than one
    np.testing.assert_allclose(slow[~forced], fast[~forced], atol=1e-6)
    short = sum(not p.span.frames(Fraction(25)) for p in timeline)
    assert forced.sum() <= short * 2


@settings(max_examples=30, deadline=None)
@given(timelines, st.integers(1, 30))
def test_chunks_join_without_a_seam(timeline: PhonemeTimeline, cut: int) -> None:
    rate, count = Fraction(25), int(timeline.duration * 25) + 1
    cut = min(cut, count - 1) or 1
    whole = animate(timeline, frame_rate=rate, frame_count=count).coefficients
    if cut < count:
        first = animate(timeline, frame_rate=rate, frame_count=cut)
        second = animate(timeline, frame_rate=rate, frame_count=count - cut, start=cut)
        assert second.start == cut
        np.testing.assert_array_equal(np.concatenate([first.coefficients, second.coefficients]), whole)


def test_a_bilabial_shorter_than_a_frame_still_closes() -> None:
    timeline = say(("a", 101), ("b", 20), ("a", 120))  # /b/ from 0.401 to 0.421 s: between the frames at 0.40 and 0.44
    opening = curve(timeline, Fraction(25))[:, OPENING]
    assert opening[10] == 0
    assert opening[9] > 0.2
    assert opening[12] > 0.2


def test_a_short_vowel_between_bilabials_opens() -> None:
    opening = curve(say(("m", 70), ("a", 80), ("m", 70)))[:, OPENING]
    assert opening[37:45].max() > 0.6


def test_rounding_is_anticipated() -> None:
    round_, wide = (curve(say(("a", 150), ("t", 80), (vowel, 150))) for vowel in "ui")
    at = 30 + 15 + 2  # 60 ms before the second vowel begins
    assert round_[at, WIDTH] < wide[at, WIDTH] - 0.3
    assert round_[at, PROTRUSION] > 0.25
    assert round_[32, PROTRUSION] < 0.1  # not 200 ms earlier


def test_labiodentals_bring_the_lip_to_the_teeth() -> None:
    values = curve(say(("a", 150), ("f", 90), ("a", 150)))
    middle = values[30 + 15 + 4]
    assert middle[TUCK] == 1
    assert 0 < middle[OPENING] <= 0.12
    assert values[30 + 7, TUCK] < 0.1


def test_vowels_reach_their_targets() -> None:
    values = curve(say(("t", 80), ("a", 140), ("t", 80), ("i", 140)))
    assert values[30 + 15, OPENING] > 0.8
    assert values[30 + 37, OPENING] < 0.4
    assert values[30 + 37, WIDTH] > 0.5


def test_nothing_said_is_rest() -> None:
    motion = animate(PhonemeTimeline((), Fraction(2)), frame_rate=Fraction(25), frame_count=50, start=7)
    assert motion.start == 7
    assert not motion.coefficients.any()


def test_no_frames_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 frames"):
        animate(say(("a", 100)), frame_rate=Fraction(25), frame_count=0)


def test_with_what_was_learnt_open_vowels_still_open_wider_than_closed_ones() -> None:
    values = curve(say(("t", 80), ("a", 140), ("t", 80), ("i", 140), ("t", 80), ("u", 140)), prior=SHIPPED)
    at_a, at_i, at_u = (values[30 + middle, OPENING] for middle in (15, 37, 59))
    assert at_a > 0.5
    assert at_a > at_i + 0.15
    assert at_a > at_u + 0.15


def test_with_what_was_learnt_a_short_vowel_between_bilabials_opens() -> None:
    opening = curve(say(("m", 70), ("a", 80), ("m", 70)), prior=SHIPPED)[:, OPENING]
    assert opening[37:45].max() > 0.35
    assert (opening[30:37] == 0).all()
    assert (opening[45:52] == 0).all()


LANGUAGES = {
    "es": "El perro de San Roque no tiene rabo, porque Ramón Ramírez se lo ha robado.",
    "fr": "Un chasseur sachant chasser doit savoir chasser sans son chien, bien entendu.",
    "ja": "うつくしい やまと かわが みえます。",
    "ar": "السلام عليكم ورحمة الله وبركاته",
    "de": "Fünf hübsche Mütter kaufen früh Brötchen.",
    "zh": "他是我的好朋友。",
}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_moves_the_mouth_within_its_range(language: str) -> None:
    speech = speak(LANGUAGES[language], language=language)
    timeline = PhonemeTimeline(speech.phonemes, speech.waveform.duration)
    values = curve(timeline, prior=SHIPPED)
    assert np.isfinite(values).all()
    assert (values >= np.array([0, -1, 0, 0, 0])).all()
    assert (values <= 1).all()
    assert np.ptp(values[:, OPENING]) > 0.3
    for phoneme in timeline:
        if any(v.contact is Contact.LIPS for v in visemes(phoneme.symbol)):
            assert (values[list(phoneme.span.frames(Fraction(100))), OPENING] == 0).all()
