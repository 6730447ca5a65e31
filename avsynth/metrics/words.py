"""Are the words understood: what a recognizer heard against what was to be said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from avsynth.core.errors import MissingExtraError, ModelError
from avsynth.metrics.base import RECOGNIZERS, Recognizer

_SHORT = {  # what recognizers write short and speakers say whole
    "en": {"mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint", "ok": "okay"},
    "es": {"sr": "señor", "sra": "señora", "dr": "doctor", "ud": "usted", "uds": "ustedes"},
    "fr": {"m": "monsieur", "mme": "madame", "mlle": "mademoiselle", "dr": "docteur"},
    "de": {"hr": "herr", "fr": "frau", "dr": "doktor", "bzw": "beziehungsweise"},
    "it": {"sig": "signor", "dott": "dottor"},
}


@dataclass(frozen=True)
class WordErrors:
    """Errors of a recognizer; add them up before dividing.

    Attributes:
        errors: Words to substitute, delete or insert.
        words: Words that were to be said.
    """

    errors: int
    words: int

    @property
    def rate(self) -> float:
        """Errors a word; NaN where nothing was to be said."""
        return self.errors / self.words if self.words else float("nan")

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(self.errors + other.errors, self.words + other.words)


def normalize_words(text: str, *, language: str) -> list[str]:
    """The words of a text as they sound: small letters, no punctuation, abbreviations written out.

    Digits stay digits: measure with sentences that have none.

    Args:
        text: Any.
        language: BCP 47 tag.

    Example:
        >>> normalize_words("Mr. O’Neill's well-known—don't!", language="en-GB")
        ['mister', 'oneills', 'well', 'known', 'dont']
        >>> normalize_words("L'été, c’est fini.", language="fr")
        ['l', 'été', 'c', 'est', 'fini']
    """
    base = language.lower().partition("-")[0]
    plain = unicodedata.normalize("NFKC", text).casefold() if base != "de" else _german(text)
    # An apostrophe parts two words in French and Italian, and stands inside one elsewhere.
    plain = re.sub(r"['’ʼ`]", " " if base in ("fr", "it") else "", plain)
    short = _SHORT.get(base, {})
    return [short.get(word, word) for word in re.sub(r"[^\w]|_", " ", plain).split()]


def _german(text: str) -> str:
    """Small letters with one spelling for ß and ss, which recognizers mix."""
    return unicodedata.normalize("NFKC", text).lower().replace("ß", "ss")


def word_errors(said: str, *, heard: str, language: str) -> WordErrors:
    """Count the fewest words to change (V. Levenshtein, 1966).

    Args:
        said: What was to be said.
        heard: What was understood.
        language: BCP 47 tag.

    Example:
        >>> word_errors("The cat sat on the mat.", heard="a cat sat on mat", language="en")
        WordErrors(errors=2, words=6)
    """
    wanted, got = (normalize_words(text, language=language) for text in (said, heard))
    row = list(range(len(got) + 1))
    for count, word in enumerate(wanted, start=1):
        before, row[0] = row[0], count
        for place, other in enumerate(got, start=1):
            kept = before + (word != other)
            before = row[place]
            row[place] = min(kept, row[place] + 1, row[place - 1] + 1)
    return WordErrors(row[-1], len(wanted))


def total(errors: Iterable[WordErrors]) -> WordErrors:
    """The sum."""
    return sum(errors, start=WordErrors(0, 0))


def recognizers() -> tuple[dict[str, Recognizer], dict[str, str]]:
    """The recognizers that can be used here, and why the others cannot.

    Returns:
        Engines by name, and one line for each that lacks its package or its weights. None is a substitute for another:
        rates of two recognizers don't compare.
    """
    ready: dict[str, Recognizer] = {}
    absent: dict[str, str] = {}
    for name in RECOGNIZERS.names():
        try:
            ready[name] = RECOGNIZERS.get(name)()
        except (MissingExtraError, ModelError) as error:
            absent[name] = str(error)
    return ready, absent
