"""Choosing a base and a voice, cutting text, and turning a network's letters into phonemes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.errors import InputError, MissingExtraError
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan
from avsynth.voice.backends.base_pieces import Piece, joined, sentences
from avsynth.voice.backends.base_pitch import pitches, voices_of
from avsynth.voice.backends.base_tokens import Token, phonemes_from_tokens
from avsynth.voice.bases import BASES, Voice, choose, match_language, nearest_voice, require_pace

RATE = 16_000


class Stub:
    def __init__(self, *tags):
        self.tags = tags

    def languages(self):
        return self.tags


@pytest.fixture
def installed(monkeypatch):
    """Sets which bases are installed and what they speak, whatever this machine has."""

    def install(**bases):
        def get(name):
            if name not in bases:
                raise MissingExtraError(name)
            return lambda: Stub(*bases[name])

        monkeypatch.setattr(BASES, "get", get)

    return install


EVERYTHING = {
    "hibari": ("en", "en-us"),
    "nanotts": ("de", "en", "es", "fr", "it"),
    "piper": ("nl", "nl-be", "es"),
    "espeak": ("de", "en", "es", "nl", "tr"),
}


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "hibari"), ("en-GB", "hibari"), ("es_MX", "nanotts"), ("DE", "nanotts"), ("nl", "piper"), ("tr", "espeak")],
)
def test_each_language_has_its_base(installed, language, name):
    installed(**EVERYTHING)
    assert choose(language) == name


def test_the_next_best_that_is_installed_is_taken(installed):
    installed(**{name: tags for name, tags in EVERYTHING.items() if name not in ("hibari", "nanotts")})
    assert [choose("en"), choose("es"), choose("de")] == ["espeak", "piper", "espeak"]


def test_a_language_nobody_speaks_is_an_error(installed):
    installed(**EVERYTHING)
    with pytest.raises(InputError, match="no base speaks 'xx'"):
        choose("xx")


def test_a_missing_package_is_named_by_its_extra(monkeypatch):
    def absent(module):
        raise ModuleNotFoundError(name="hibari")

    monkeypatch.setattr("avsynth.core.registry.import_module", absent)
    with pytest.raises(MissingExtraError, match=r"pip install 'avsynth\[bases\]'"):
        BASES.get("hibari")


def test_tags_are_shortened_from_the_right_only():
    assert match_language("zh-Hant-TW", among=("zh", "zh-hant")) == "zh-hant"
    assert match_language("e", among=("en",)) == ""
    assert match_language("", among=("en",)) == ""


def test_the_nearest_voice_is_nearest_as_a_ratio():
    low, high = Voice("low", 100.0), Voice("high", 200.0)
    assert nearest_voice((low, high), f0_hz=141.0) is low  # 150 Hz would be the middle in Hz, 141.4 is in octaves
    assert nearest_voice((low, high), f0_hz=142.0) is high


@pytest.mark.parametrize("pace", [0.49, 2.01, float("nan")])
def test_paces_out_of_range_are_refused(pace):
    with pytest.raises(InputError, match="pace must be"):
        require_pace(pace)


def test_the_written_pitches_are_those_of_the_voices():
    assert set(pitches().bases) == {"hibari", "nanotts", "espeak"}
    assert all(60 < voice.f0_median_hz < 300 for name in pitches().bases for voice in voices_of(name))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("One is here. Two is there! Three?", ["One is here.", "Two is there!", "Three?"]),
        ("Dr. Ames and J. Doe left.", ["Dr. Ames and J. Doe left."]),
        ("Er kam z. B. heute … und blieb.", ["Er kam z. B. heute … und blieb."]),
        ('He said: "Never." She left.', ['He said: "Never."', "She left."]),
        ("¿Qué pasa? ¡Nada!", ["¿Qué pasa?", "¡Nada!"]),
        ("Wait... ... What now?", ["Wait... ...", "What now?"]),
        ("...", []),
    ],
)
def test_text_is_cut_where_sentences_end(text, pieces):
    assert sentences(text, longest=100) == pieces


def test_long_sentences_are_cut_at_commas_then_words_and_lose_nothing():
    text = ", ".join(["some words without any mark at all"] * 5) + "."
    pieces = sentences(text, longest=60)
    assert " ".join(pieces) == text
    assert all(len(piece) <= 60 and piece[-1] in ",." for piece in pieces)
    pieces = sentences(text, longest=20)
    assert " ".join(pieces) == text
    assert all(len(piece) <= 20 for piece in pieces)


def test_pieces_follow_one_another_to_the_sample():
    one = Piece(np.zeros(1601, np.float32), (PhonemeSpan("a", Span(Fraction(0), Fraction(1, 20))),))
    speech = joined([one, one, one], sample_rate=RATE, language="es")
    assert speech.waveform.samples.shape == (1, 4803)
    assert [p.span.start for p in speech.timeline] == [Fraction(0), Fraction(1601, RATE), Fraction(3202, RATE)]


def drawn(letters, *, silent):
    """A tenth of a second a letter, silent where ``silent`` says (in samples), a tone elsewhere."""
    tokens = [Token(letter, 1600 * i, 1600 * (i + 1)) for i, letter in enumerate(letters)]
    samples = np.sin(np.arange(1600 * len(letters)) / 5).astype(np.float32)
    for start, end in silent:
        samples[start:end] = 0
    return tokens, samples


def timed(letters, *, silent=(), spelling=None):
    tokens, samples = drawn(letters, silent=silent)
    found = phonemes_from_tokens(tokens, samples=samples, sample_rate=RATE, spelling=spelling or {})
    return [(p.symbol, int(p.span.start * RATE), int(p.span.end * RATE)) for p in found]


def test_stress_belongs_to_the_vowel_after_and_length_to_the_one_before():
    assert timed("tˈaːn") == [("t", 0, 1600), ("aː", 1600, 6400), ("n", 6400, 8000)]


def test_a_space_is_shared_and_letters_are_spelled():
    assert timed("A t", spelling={"A": "eɪ"}) == [("eɪ", 0, 2400), ("t", 2400, 4800)]


def test_a_pause_is_where_the_sound_is_silent():
    # the network's own comma lasts 1600..3200, but it is silent from 1200 to 4000
    assert timed("a,b", silent=[(1200, 4000)]) == [("a", 0, 1200), ("b", 4000, 4800)]


def test_a_comma_without_silence_is_no_pause():
    assert timed("a,b") == [("a", 0, 2400), ("b", 2400, 4800)]


def test_silence_around_the_words_is_found_in_the_sound():
    assert timed("#a#", silent=[(0, 1200), (4000, 4800)]) == [("a", 1200, 4000)]


def test_silence_far_inside_a_phoneme_leaves_some_of_it():
    (symbol, start, end), *_ = timed("#a#", silent=[(0, 4000)])
    assert (symbol, end - start >= 160) == ("a", True)


def test_marks_alone_are_no_phonemes():
    assert timed("#.,#") == []
