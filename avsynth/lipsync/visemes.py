"""What each phoneme asks of the lips and the jaw, and how firmly, for any language's sounds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from avsynth.text.articulation import Articulation, features

COMPONENTS = ("opening", "width", "protrusion", "tuck", "jaw")
BASIS = "articulatory-5"
"""Name of the motion basis, whose coefficients are those of ``COMPONENTS``:

opening: 0 lips closed to 1 as wide as in the person's /a/; width: -1 narrow as in /u/, 0 at rest, 1 wide as in /i/;
protrusion: 0 to 1, lips pushed forward and full; tuck: 0 to 1, lower lip drawn in against the upper teeth;
jaw: 0 raised to 1 lowered."""


class Contact(Enum):
    """What a phoneme must touch to be that phoneme."""

    NONE = "none"
    LIPS = "lips"  # /p b m/: both lips, without a gap
    TEETH = "teeth"  # /f v/: lower lip to upper teeth


@dataclass(frozen=True)
class Viseme:
    """One position of the mouth.

    Attributes:
        target: ``(K,)`` coefficients.
        dominance: ``(K,)``: how firmly each is asked for against the neighbors; 1 as a vowel does.
        contact: What must touch.
    """

    target: NDArray[np.float64]
    dominance: NDArray[np.float64]
    contact: Contact = Contact.NONE


# Opening, its dominance, and the jaw, by a consonant's place: sibilants hold the teeth together, velars and glottals
# leave the lips to the vowels, and contacts are made by `animate`, not by pulling on their neighbors.
# After the viseme inventories of Cohen and Massaro (1993) and JALI (Edwards et al. 2016).
_PLACES: dict[str, tuple[float, float, float]] = {
    "bilabial": (0.0, 0.4, 0.2),
    "labiodental": (0.08, 0.5, 0.15),
    "dental": (0.25, 0.9, 0.2),
    "alveolar": (0.24, 0.7, 0.2),
    "postalveolar": (0.24, 1.2, 0.15),
    "retroflex": (0.28, 0.6, 0.25),
    "palatal": (0.24, 0.6, 0.2),
    "labial-velar": (0.12, 1.3, 0.2),
}
_FREE = (0.3, 0.2, 0.3)
_SIBILANT_OPENING = 0.18
_SIBILANTS = frozenset("szʃʒɕʑʂʐ")
_CLOSING = frozenset({"plosive", "implosive", "nasal", "affricate", "trill"})


@cache
def visemes(symbol: str) -> tuple[Viseme, ...]:
    """The positions a phoneme passes through: two for a diphthong, none for silence.

    Args:
        symbol: IPA with any diacritics; an unknown one gives a neutral, slightly open mouth.

    Example:
        >>> (closed,) = visemes("b")
        >>> closed.contact, float(closed.target[0])
        (<Contact.LIPS: 'lips'>, 0.0)
        >>> [round(float(v.target[0]), 2) for v in visemes("aɪ")]
        [0.98, 0.42]
        >>> visemes("sil")
        ()
    """
    sound = features(symbol)
    if sound.kind == "silence":
        return ()
    return tuple(_vowel(part) if part.kind == "vowel" else _consonant(part) for part in sound.sequence)


def _vowel(sound: Articulation) -> Viseme:
    """Low vowels open, front ones spread, round ones narrow and push forward."""
    low = 1 - sound.height
    opening = (0.27 + 0.73 * low**0.9) * (1 - 0.4 * sound.rounded) - 0.02 * (1 - sound.backness) * low
    spread = 0.85 * (1 - sound.backness) * (0.25 + 0.75 * sound.height) - 0.1 * sound.backness
    narrow = -(0.45 + 0.55 * sound.height)
    width = spread * (1 - sound.rounded) + narrow * sound.rounded
    protrusion = sound.rounded * (0.4 + 0.6 * sound.height)
    jaw = 0.15 + 0.85 * low
    firm = 0.5 if 0.3 < sound.height < 0.7 and 0.3 < sound.backness < 0.7 else 1.0  # schwas take what is there
    dominance = np.array([firm, 0.5 + 0.7 * abs(width), 1.0 + 0.2 * sound.rounded, 0.6, firm])
    return Viseme(np.array([opening, width, protrusion, 0.0, jaw]), dominance)


def _consonant(sound: Articulation) -> Viseme:
    """The place says how far the lips are open and how firmly; width is the vowels' unless the lips are used."""
    opening, firm, jaw = _PLACES.get(sound.place, _FREE)
    if sound.symbol[-1:] in _SIBILANTS or any(letter in _SIBILANTS for letter in sound.symbol):
        opening, firm = _SIBILANT_OPENING, 1.4
    contact = Contact.NONE
    if sound.place == "bilabial" and sound.manner in _CLOSING:
        contact = Contact.LIPS
    elif sound.place == "bilabial":  # /β ɸ/: a slit
        opening = 0.07
    elif sound.place == "labiodental" and sound.manner != "approximant":
        contact = Contact.TEETH
    narrow = -0.9 * sound.rounded
    spread = 0.35 if sound.place in ("palatal", "alveolar") and sound.rounded == 0 else 0.0
    width_firm = 0.15 + 1.3 * sound.rounded + (0.15 if spread else 0.0)
    tuck = 1.0 if contact is Contact.TEETH else 0.0
    dominance = np.array([firm, width_firm, 0.15 + 1.2 * sound.rounded, 0.6, 0.6 * max(firm, 0.7)])
    target = np.array([opening, narrow or spread, sound.rounded, tuck, jaw])
    return Viseme(target, dominance, contact)
