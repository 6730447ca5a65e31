"""Words that sound alike count as one, and errors are counted as by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.errors import MissingExtraError, ModelError
from avsynth.metrics import words
from avsynth.metrics.words import WordErrors, normalize_words, recognizers, total, word_errors


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "Mr. Day's dog—well, it isn't here!", "mister days dog well it isnt here"),
        ("en", "ﬁne “words”", "fine words"),
        ("fr", "C’est l'été.", "c est l été"),
        ("de", "Die Straße, groß & nass.", "die strasse gross nass"),
        ("es", "¿Qué hizo el Sr. López?", "qué hizo el señor lópez"),
        ("it", "L'acqua, perché no?", "l acqua perché no"),
        ("fr", "un caf\u0065\u0301", "un café"),  # one letter, or a letter and its accent
    ],
)
def test_spellings_of_the_same_words_are_the_same(language: str, one: str, other: str) -> None:
    assert normalize_words(one, language=language) == other.split()
    assert word_errors(one, heard=other, language=language).errors == 0


def test_accents_are_heard() -> None:
    assert word_errors("él está", heard="el esta", language="es") == WordErrors(2, 2)


@pytest.mark.parametrize(
    ("heard", "errors"),
    [("one two three", 0), ("one three", 1), ("one two two three", 1), ("one too three", 1), ("", 3), ("x y z w", 4)],
)
def test_errors_are_counted(heard: str, errors: int) -> None:
    assert word_errors("one two three", heard=heard, language="en") == WordErrors(errors, 3)


TEXT = st.lists(st.sampled_from("abc"), max_size=7).map(" ".join)


@given(TEXT, TEXT, TEXT)
def test_errors_are_a_distance(a: str, b: str, c: str) -> None:
    def distance(one: str, other: str) -> int:
        return word_errors(one, heard=other, language="en").errors

    assert (distance(a, b) == 0) == (a == b)
    assert distance(a, b) == distance(b, a)
    assert distance(a, c) <= distance(a, b) + distance(b, c)
    assert distance(a, b) <= max(len(a.split()), len(b.split()))


def test_rates_are_of_all_words_together() -> None:
    assert total([WordErrors(1, 2), WordErrors(0, 8)]).rate == 0.1  # not the mean of .5 and 0
    assert math.isnan(total([]).rate)


def test_a_recognizer_that_is_not_here_says_why_and_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def get(name: str) -> type:
        if name == "a":
            raise MissingExtraError("install a")
        return Bare if name == "b" else Ready

    class Ready:
        name = "c"

    class Bare:
        def __init__(self) -> None:
            raise ModelError("no model")

    monkeypatch.setattr(words.RECOGNIZERS, "names", lambda: ["a", "b", "c"])
    monkeypatch.setattr(words.RECOGNIZERS, "get", get)
    ready, absent = recognizers()
    assert list(ready) == ["c"]
    assert absent == {"a": "install a", "b": "no model"}
