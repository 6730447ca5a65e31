"""Pauses give first, then vowels, then consonants; edges are whole samples and never cross."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.errors import InputError
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan
from avsynth.voice.rhythm import cut_into_pieces, edges_in_samples, place_phonemes

RATE = 1000


def phonemes(*parts):
    """From (symbol or None, milliseconds)."""
    out, at = [], 0
    for symbol, length in parts:
        if symbol:
            out.append(PhonemeSpan(symbol, Span(Fraction(at, 1000), Fraction(at + length, 1000))))
        at += length
    return out, Span(Fraction(0), Fraction(at, 1000))


LINE, WHOLE = phonemes((None, 100), ("t", 100), ("a", 200), (None, 300), ("s", 100), ("o", 200))


def lengths(samples):
    pieces = cut_into_pieces(LINE, within=WHOLE)
    edges = edges_in_samples(pieces, samples=samples, sample_rate=RATE)
    return [b - a for a, b in itertools.pairwise(edges)]


def test_pieces_tile_the_line():
    pieces = cut_into_pieces(LINE, within=WHOLE)
    assert [piece.kind for piece in pieces] == ["pause", "consonant", "vowel", "pause", "consonant", "vowel"]
    assert all(a.span.end == b.span.start for a, b in itertools.pairwise(pieces))


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (1000, [100, 100, 200, 300, 100, 200]),  # as spoken
        (840, [60, 100, 200, 180, 100, 200]),  # 160 of the 240 that pauses may give
        (720, [40, 100, 180, 120, 100, 180]),  # pauses at 0.4, vowels give the other 40
        (1320, [180, 100, 200, 540, 100, 200]),  # pauses at 1.8 take 320
        (1440, [180, 100, 260, 540, 100, 260]),  # and vowels at 1.3 take 120
    ],
)
def test_who_gives_first(samples, expected):
    assert lengths(samples) == expected


def test_beyond_all_limits_everything_gives_alike():
    natural, hurried = lengths(660), lengths(330)  # at 660 every kind is at its limit
    assert natural == [40, 90, 160, 120, 90, 160]
    assert hurried == [20, 45, 80, 60, 45, 80]


@given(st.integers(6, 5000))
def test_edges_rise_and_end_on_the_sample(samples):
    out = lengths(samples)
    assert sum(out) == samples
    assert min(out) >= 1


def test_more_sounds_than_samples_is_an_error():
    with pytest.raises(InputError, match="more time"):
        lengths(5)


def test_phonemes_take_the_edges_and_keep_their_score():
    pieces = cut_into_pieces(
        [PhonemeSpan("a", Span(Fraction(0), Fraction(1)), 0.5)], within=Span(Fraction(0), Fraction(2))
    )
    timeline = place_phonemes(pieces, edges=(0, 30, 50), samples=80, sample_rate=100)
    assert timeline.duration == Fraction(4, 5)
    assert timeline.phonemes == (PhonemeSpan("a", Span(Fraction(0), Fraction(3, 10)), 0.5),)
