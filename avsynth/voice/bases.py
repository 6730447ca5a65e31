"""What a base voice must offer: it speaks a language well in a stock voice, and a cloner makes that a person's."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from avsynth.core.errors import InputError, MissingExtraError
from avsynth.core.registry import Registry
from avsynth.core.speech import Speech

AUTO = "auto"  # the best for the language, instead of an engine's name
SLOWEST, FASTEST = 0.5, 2.0  # paces that every base must do


@dataclass(frozen=True)
class Voice:
    """One stock voice of a base.

    Attributes:
        name: What ``BaseVoice.speak`` calls it.
        f0_median_hz: Its median pitch, as measured.
    """

    name: str
    f0_median_hz: float


class BaseVoice(Protocol):
    """Speaks text in a stock voice and knows when each phoneme sounds. Making one is cheap; it loads when it speaks.

    Attributes:
        name: The engine's name in ``BASES``.
        sample_rate: Rate of the speech it gives.
        knows_phonemes: Whether the phonemes of its timelines are those it spoke, and not what another engine guesses.
    """

    name: str
    sample_rate: int
    knows_phonemes: bool

    def languages(self) -> tuple[str, ...]:
        """BCP 47 tags it speaks, in lower case."""

    def voices(self, language: str) -> tuple[Voice, ...]:
        """The voices for a language, its preferred one first; ``nearest_voice`` picks by pitch.

        Raises:
            InputError: It does not speak the language.
        """

    def speak(self, text: str, *, language: str, voice: str = "", pace: float = 1.0) -> Speech:
        """Speak ``text``, of any length, in one channel; the same arguments give the same bytes.

        Args:
            text: What to say.
            language: BCP 47 tag; one it does not know is shortened from the right, as ``match_language`` does.
            voice: A name that ``voices`` lists; its first where empty.
            pace: 1 natural, 2 about twice as fast; ``SLOWEST`` to ``FASTEST``.

        Returns:
            Speech with whatever silence the engine leaves around the words; the timeline says where they are.

        Raises:
            InputError: Nothing to say, a language, script or voice it does not have, or a pace out of range.
        """


BASES = Registry(
    "base",
    {
        "espeak": "avsynth.voice.backends.base_espeak:EspeakBase",
        "hibari": "avsynth.voice.backends.base_hibari:HibariBase",
        "nanotts": "avsynth.voice.backends.base_nanotts:NanottsBase",
        "piper": "avsynth.voice.backends.base_piper:PiperBase",
    },
    extras={"hibari": "bases", "nanotts": "bases", "piper": "piper"},
)
# By word errors of a recogniser on their speech: hibari alone in English, then Pico; a voice of the user's own where
# neither speaks; espeak-ng speaks everything. Of other packages' bases none is preferred: they are asked for by name.
_ORDER = ("hibari", "nanotts", "piper", "espeak")


def choose(language: str) -> str:
    """Name the best base for a language among those whose packages are installed.

    Args:
        language: BCP 47 tag.

    Raises:
        InputError: No installed base speaks it.

    Example:
        >>> choose("tr-TR")
        'espeak'
    """
    for name in _ORDER:
        try:
            base: BaseVoice = BASES.get(name)()
        except MissingExtraError:
            continue
        if match_language(language, among=base.languages()):
            return name
    raise InputError(f"no base speaks {language!r}; give a BCP 47 tag such as 'es' or 'pt-BR'")


def match_language(language: str, *, among: Iterable[str]) -> str:
    """Find the tag to speak a language by: itself, or the nearest on shortening it from the right.

    Args:
        language: BCP 47 tag in any case, with ``-`` or ``_``.
        among: The known tags, in lower case.

    Returns:
        The known tag, or ``""``.

    Example:
        >>> match_language("es_MX", among=("en", "es")), match_language("fr", among=("en", "es"))
        ('es', '')
    """
    known = frozenset(among)
    tag = language.strip().lower().replace("_", "-")
    while tag and tag not in known:
        tag = tag.rpartition("-")[0]
    return tag


def nearest_voice(voices: Iterable[Voice], *, f0_hz: float) -> Voice:
    """Pick the voice whose pitch is nearest, as a ratio.

    Args:
        voices: At least one.
        f0_hz: The target's median pitch.

    Example:
        >>> nearest_voice((Voice("low", 100.0), Voice("high", 200.0)), f0_hz=145).name
        'high'
    """
    return min(voices, key=lambda voice: abs(math.log(voice.f0_median_hz / f0_hz)))


def required_language(base: BaseVoice, language: str) -> str:
    """The tag by which a base speaks a language.

    Raises:
        InputError: It does not.
    """
    tag = match_language(language, among=base.languages())
    if not tag:
        known = ", ".join(base.languages()) or "none yet"
        raise InputError(f"the base {base.name!r} does not speak {language!r}; it speaks: {known}")
    return tag


def required_voice(base: BaseVoice, *, voice: str, names: tuple[str, ...]) -> str:
    """The voice that was asked for, or the first where none was.

    Raises:
        InputError: The base does not have it.
    """
    if voice and voice not in names:
        raise InputError(f"the base {base.name!r} has no voice {voice!r} here; it has: {', '.join(names)}")
    return voice or names[0]


def require_pace(pace: float) -> float:
    """Give ``pace`` back.

    Raises:
        InputError: It is out of range.
    """
    if not SLOWEST <= pace <= FASTEST:
        raise InputError(f"pace must be {SLOWEST} to {FASTEST}, got {pace}; 1 is natural, 2 twice as fast")
    return pace
