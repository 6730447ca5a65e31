"""How the mouth makes a phoneme: place, manner, tongue, lips, of any IPA symbol with its diacritics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from avsynth.text.inventory import canonical

Kind = Literal["vowel", "consonant", "silence"]

_SILENCES = frozenset({"", "sil", "sp", "pau", "_", "|", "‖", "#", " "})

# The IPA vowel chart (International Phonetic Association, 2020): height, backness, rounding, each 0..1.
_VOWELS: dict[str, tuple[float, float, float]] = {
    "i": (1, 0, 0), "y": (1, 0, 1), "ɨ": (1, 0.5, 0), "ʉ": (1, 0.5, 1), "ɯ": (1, 1, 0), "u": (1, 1, 1),
    "ɪ": (0.83, 0.2, 0), "ʏ": (0.83, 0.2, 1), "ʊ": (0.83, 0.8, 1),
    "e": (0.67, 0, 0), "ø": (0.67, 0, 1), "ɘ": (0.67, 0.5, 0), "ɵ": (0.67, 0.5, 1), "ɤ": (0.67, 1, 0),
    "o": (0.67, 1, 1),
    "ə": (0.5, 0.5, 0), "ɚ": (0.5, 0.5, 0.3),
    "ɛ": (0.33, 0, 0), "œ": (0.33, 0, 1), "ɜ": (0.33, 0.5, 0), "ɝ": (0.33, 0.5, 0.3), "ɞ": (0.33, 0.5, 1),
    "ʌ": (0.33, 1, 0), "ɔ": (0.33, 1, 1), "æ": (0.17, 0, 0), "ɐ": (0.17, 0.5, 0),
    "a": (0, 0.2, 0), "ɶ": (0, 0.2, 1), "ɑ": (0, 1, 0), "ɒ": (0, 1, 1),
}  # fmt: skip

# The pulmonic chart and "other symbols": place, manner, voiced.
_CONSONANTS: dict[str, tuple[str, str, bool]] = {
    symbol: (place, manner, voiced)
    for manner, rows in {
        "plosive": "bilabial p b, alveolar t d, retroflex ʈ ɖ, palatal c ɟ, velar k ɡ, uvular q ɢ, glottal ʔ -",
        "implosive": "bilabial - ɓ, alveolar - ɗ, retroflex - ᶑ, palatal - ʄ, velar - ɠ, uvular - ʛ",
        "nasal": "bilabial - m, labiodental - ɱ, alveolar - n, retroflex - ɳ, palatal - ɲ, velar - ŋ, uvular - ɴ",
        "trill": "bilabial - ʙ, alveolar - r, uvular - ʀ",
        "tap": "labiodental - ⱱ, alveolar - ɾ, retroflex - ɽ, alveolar - ɺ",
        "fricative": (
            "bilabial ɸ β, labiodental f v, dental θ ð, alveolar s z, postalveolar ʃ ʒ, retroflex ʂ ʐ, palatal ç ʝ, "
            "postalveolar ɕ ʑ, velar x ɣ, velar ɧ -, uvular χ ʁ, pharyngeal ħ ʕ, glottal h ɦ, labial-velar ʍ -"
        ),
        "lateral-fricative": "alveolar ɬ ɮ",
        "approximant": (
            "labiodental - ʋ, alveolar - ɹ, retroflex - ɻ, palatal - j, velar - ɰ, labial-velar - w, palatal - ɥ"
        ),
        "lateral": "alveolar - l, alveolar - ɫ, retroflex - ɭ, palatal - ʎ, velar - ʟ",
    }.items()
    for place, *pair in (cell.split() for cell in rows.split(", "))
    for symbol, voiced in zip(pair, (False, True), strict=True)
    if symbol != "-"
}

# Lips and tongue body of consonants that ask for them; others take those of their neighbors.
# Lips: Ladefoged and Maddieson (1996) for the protruded English and French sibilants and English ɹ.
_CONSONANT_BODY: dict[str, tuple[float, float, float]] = {
    "w": (1, 1, 1), "ʍ": (1, 1, 1), "ɥ": (1, 0, 1), "j": (1, 0, 0), "ɰ": (1, 1, 0), "ɫ": (0.5, 1, 0),
    "ʃ": (0.8, 0.3, 0.5), "ʒ": (0.8, 0.3, 0.5), "ɹ": (0.5, 0.5, 0.4), "ɻ": (0.5, 0.5, 0.4), "ɧ": (0.8, 0.8, 0.5),
    "ɕ": (1, 0.1, 0), "ʑ": (1, 0.1, 0), "ç": (1, 0, 0), "ʝ": (1, 0, 0), "c": (1, 0, 0), "ɟ": (1, 0, 0),
    "ɲ": (1, 0, 0), "ʎ": (1, 0, 0), "k": (0.9, 0.9, 0), "ɡ": (0.9, 0.9, 0), "ŋ": (0.9, 0.9, 0), "x": (0.9, 0.9, 0),
    "ɣ": (0.9, 0.9, 0),
}  # fmt: skip

_LENGTH = {"ː": 2.0, "ˑ": 1.5, "\u0306": 0.5, "\u032f": 0.5}  # long, half long, extra short, not syllabic
_CORONAL = ("dental", "alveolar", "postalveolar", "retroflex", "palatal")
_STEP = 1 / 6  # half the distance of neighboring rows of the vowel chart, for "raised" and "lowered"

# Diacritics of the IPA chart, by what they do to the mouth: what they set, whose place they move, by how much they
# shift height and rounding, and how far they draw height and backness to the middle.
_SETTINGS: dict[str, dict[str, Any]] = {
    "ʷ": {"rounded": 1.0},
    "ᵝ": {"rounded": 1.0},
    "ʲ": {"height": 1.0, "backness": 0.0},
    "ˠ": {"height": 0.8, "backness": 1.0},
    "\u0334": {"height": 0.8, "backness": 1.0},  # velarized, through the letter
    "ˤ": {"height": 0.2, "backness": 1.0},
    "\u0303": {"nasalized": True},
    "\u0325": {"voiced": False},
    "\u030a": {"voiced": False},
    "\u032c": {"voiced": True},
}
_PLACES = {"\u032a": ("alveolar", "dental"), "\u033c": ("alveolar", "bilabial")}  # dental, linguolabial
_SHIFTS = {"\u031d": (_STEP, 0.0), "\u031e": (-_STEP, 0.0), "\u0339": (0.0, 0.25), "\u031c": (0.0, -0.25)}
_CENTERING = {"\u0308": (0.0, 0.5), "\u033d": (0.5, 0.5)}  # centralized, mid-centralized
# Aspiration, release, creak, breath, syllabicity, tongue root and tip: nothing that lips or jaw show.
_UNSEEN = "ʰʱˀʼⁿˡᵊ˞ᵐᵑ\u0329\u031a\u033b\u033a\u031f\u0320\u0324\u0330\u0318\u0319"
_MARKS = frozenset({*_SETTINGS, *_PLACES, *_SHIFTS, *_CENTERING, *_LENGTH, *_UNSEEN})


@dataclass(frozen=True)
class Articulation:
    """How the mouth stands in a phoneme.

    Attributes:
        symbol: The phoneme, in the one spelling of ``inventory.canonical``.
        kind: Vowel, consonant or silence.
        place: Where a consonant narrows the mouth, such as ``"bilabial"``, ``"alveolar"`` or ``"labial-velar"``;
            empty for vowels and silence.
        manner: How: ``"plosive"``, ``"nasal"``, ``"fricative"``, ``"affricate"``, ``"approximant"``...; empty likewise.
        voiced: Whether the vocal folds vibrate.
        height: Height of the tongue body, 0 open to 1 close; 0.5 where a consonant leaves it free.
        backness: Its place, 0 front to 1 back; 0.5 where a consonant leaves it free.
        rounded: Of the lips, 0 spread or neutral to 1 round.
        length: 1 for an ordinary sound, 2 for a long one.
        nasalized: Whether air leaves through the nose.
        known: False for a symbol this module does not know: a neutral open-lipped mouth.
        parts: The positions a diphthong or another compound passes through, in order; empty for a single one,
            and then the other attributes are those of the first part.
    """

    symbol: str
    kind: Kind
    place: str = ""
    manner: str = ""
    voiced: bool = False
    height: float = 0.5
    backness: float = 0.5
    rounded: float = 0.0
    length: float = 1.0
    nasalized: bool = False
    known: bool = True
    parts: tuple[Articulation, ...] = ()

    @property
    def sequence(self) -> tuple[Articulation, ...]:
        """The positions in order: ``parts``, or the phoneme itself."""
        return self.parts or (self,)


@cache
def features(symbol: str) -> Articulation:
    """Describe a phoneme.

    Args:
        symbol: One phoneme in IPA, with any diacritics, tie bars, stress and length; the empty string, ``"sil"``
            and ``"|"`` are silence.

    Returns:
        Its articulation. A symbol that is not IPA gives the neutral position, with ``known`` False.

    Example:
        >>> features("pʰ").place, features("tʃ").manner, features("uː").rounded
        ('bilabial', 'affricate', 1.0)
        >>> [part.symbol for part in features("aɪ").parts]
        ['a', 'ɪ']
    """
    if symbol.strip() in _SILENCES:
        return Articulation("", "silence")
    text = canonical(symbol)
    segments = _segments(text)
    if not segments:
        return Articulation(text or symbol, "vowel", voiced=True, known=False)
    sounds = _join_affricates([_sound(base, marks) for base, marks in segments])
    if len(sounds) == 1:
        return replace(sounds[0], symbol=text)
    return replace(sounds[0], symbol=text, parts=tuple(sounds), length=max(part.length for part in sounds))


def _segments(text: str) -> list[tuple[str, str]]:
    """Cut a phoneme into base letters, each with its diacritics; nothing if it starts with no base letter."""
    cut: list[tuple[str, str]] = []
    for letter in text:
        if letter in _VOWELS or letter in _CONSONANTS:
            cut.append((letter, ""))
        elif not cut or letter not in _MARKS:
            return []
        else:
            cut[-1] = (cut[-1][0], cut[-1][1] + letter)
    return cut


def _sound(base: str, marks: str) -> Articulation:
    if base in _VOWELS:
        height, backness, rounded = map(float, _VOWELS[base])
        sound = Articulation(base + marks, "vowel", "", "", True, height, backness, rounded)
    else:
        place, manner, voiced = _CONSONANTS[base]
        height, backness, rounded = map(float, _CONSONANT_BODY.get(base, (0.5, 0.5, 0.0)))
        sound = Articulation(base + marks, "consonant", place, manner, voiced, height, backness, rounded)
        sound = replace(sound, nasalized=manner == "nasal")
    for mark in marks:
        sound = _modified(sound, mark)
    return sound


def _modified(sound: Articulation, mark: str) -> Articulation:
    """Apply one diacritic; those that do not move the mouth change nothing."""
    if mark in _LENGTH:
        return replace(sound, length=sound.length * _LENGTH[mark])
    if mark in _PLACES:
        before, place = _PLACES[mark]
        return replace(sound, place=place) if sound.place == before else sound
    if mark in _SHIFTS:
        height, rounded = _SHIFTS[mark]
        return replace(sound, height=_unit(sound.height + height), rounded=_unit(sound.rounded + rounded))
    if mark in _CENTERING:
        up, back = _CENTERING[mark]
        height, backness = sound.height + (0.5 - sound.height) * up, sound.backness + (0.5 - sound.backness) * back
        return replace(sound, height=height, backness=backness)
    return replace(sound, **_SETTINGS.get(mark, {}))


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _opens_into(plosive: Articulation, sound: Articulation) -> bool:
    """Whether the two are an affricate: [pf] is not one to the eye, since its lips close before the teeth touch."""
    if plosive.manner != "plosive" or sound.manner not in ("fricative", "lateral-fricative"):
        return False
    return plosive.place == sound.place or (plosive.place in _CORONAL and sound.place in _CORONAL)


def _join_affricates(sounds: list[Articulation]) -> list[Articulation]:
    """A plosive and the fricative it opens into become one sound, at the fricative's place and with its lips."""
    joined: list[Articulation] = []
    for sound in sounds:
        before = joined[-1] if joined else None
        if before is not None and _opens_into(before, sound):
            length = max(before.length, sound.length)
            joined[-1] = replace(sound, symbol=before.symbol + sound.symbol, manner="affricate", length=length)
        else:
            joined.append(sound)
    return joined
