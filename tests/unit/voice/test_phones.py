"""Every symbol that espeak-ng writes in the five languages is heard as one of the network's phones, or as two."""

from __future__ import annotations

import pytest

from avsynth.models.phonemes import PHONES
from avsynth.text.espeak import phonemize
from avsynth.voice.phones import SILENCE, phones_of

TEXTS = {
    "en": "The joyful measure was usually thought about by Charles, who would rather sing.",
    "es": "El niño llevó un jarro de agua y huevos a la guitarra del señor.",
    "fr": "Un bon vin blanc, une peur bleue, et la lune brille encore sur la montagne.",
    "de": "Zwölf böse Köche schütteln heute früh ihre Äpfel, obwohl ich nichts möchte.",
    "it": "Gli gnocchi e la pizza piacciono agli zii della ragazza che vive giù.",
}


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_nothing_spoken_is_lost(language: str) -> None:
    for symbol in phonemize(TEXTS[language], language=language):
        assert 1 <= len(phones_of(symbol)) <= 2, symbol
        assert SILENCE not in phones_of(symbol)


def test_phones_are_what_they_are_called() -> None:
    for index, phone in enumerate(PHONES):
        assert phones_of(phone) == ((index,) if index else ())
    assert [PHONES[phones_of(symbol)[0]] for symbol in ("ʈ", "ɴ", "ɒ", "ɯ", "ʎ̥")] == ["t", "ŋ", "ɔ", "ɨ", "ʎ"]
