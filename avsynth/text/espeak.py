"""Phonemes in IPA and speech with exactly timed phonemes in a hundred languages, by espeak-ng."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.text.espeak_library import Marks, fresh_library
from avsynth.text.inventory import STRESS_MARKS, canonical
from avsynth.text.normalize import normalize
from avsynth.text.writing import check_writing

_BROKEN = {"fo", "kaa", "xex"}  # listed, but the package holds no dictionary of theirs
_RATES = range(80, 451)  # words a minute; outside, espeak-ng takes the nearest without a word
_PITCHES = range(100)

# Tags that espeak-ng does not know, or resolves to a voice that a person would not expect.
_ALIASES = {
    "en": "en-us",
    "zh": "cmn",
    "zh-hk": "yue",
    "zh-mo": "yue",
    "pt": "pt-pt",
    "no": "nb",
    "nn": "nb",
    "iw": "he",
    "in": "id",
    "es-mx": "es-419",
    "es-us": "es-419",
    "en-au": "en-gb",
    "en-nz": "en-gb",
    "en-ie": "en-gb",
    "en-za": "en-gb",
    "en-in": "en-gb",
}
_SPANISH_AMERICA = ("ar", "bo", "cl", "co", "cr", "cu", "do", "ec", "gt", "hn", "ni", "pa", "pe", "pr", "py", "sv")
_ALIASES |= {f"es-{region}": "es-419" for region in (*_SPANISH_AMERICA, "uy", "ve")}


@dataclass(frozen=True)
class EspeakSpeech:
    """What espeak-ng said.

    Attributes:
        waveform: ``(1, T)`` at 22,050 Hz; it ends in the pause that follows a sentence.
        phonemes: When each phoneme sounds, exact to the sample; pauses are not listed.
    """

    waveform: Waveform
    phonemes: tuple[PhonemeSpan, ...]

    @property
    def timeline(self) -> PhonemeTimeline:
        """The phonemes with the length of the sound."""
        return PhonemeTimeline(self.phonemes, self.waveform.duration)


@lru_cache(maxsize=1)
def _voices() -> dict[str, str]:
    """Voice file by BCP 47 tag in lower case; of several voices for one tag, the one that names it first."""
    best: dict[str, tuple[int, int, str]] = {}
    with fresh_library() as library:
        for identifier, tags in library.voices():
            for place, (priority, tag) in enumerate(tags):
                rank = (priority, place, identifier)
                if tag not in _BROKEN:
                    best[tag.lower()] = min(best.get(tag.lower(), rank), rank)
    return {tag: rank[2] for tag, rank in best.items()}


def languages() -> tuple[str, ...]:
    """BCP 47 tags, in lower case, of every language there is a voice for, sorted.

    >>> {"en", "es", "pt-br", "zh"} <= set(languages())
    True
    """
    return tuple(sorted(_voices().keys() | _ALIASES.keys()))


def find_voice(language: str) -> str:
    """Find the voice file for a language.

    A tag that has no voice is shortened from the right (``"de-AT"`` is spoken as ``"de"``).

    Args:
        language: BCP 47 tag in any case, with ``-`` or ``_``.

    Raises:
        InputError: There is no voice; the message lists near tags.

    Example:
        >>> find_voice("pt-BR"), find_voice("zh-Hans-CN"), find_voice("en")
        ('roa/pt-BR', 'sit/cmn', 'gmw/en-US')
    """
    voices = _voices()
    tag = language.strip().lower().replace("_", "-")
    while tag:
        tag = _ALIASES.get(tag, tag)
        if tag in voices:
            return voices[tag]
        tag = tag.rpartition("-")[0]
    near = difflib.get_close_matches(language.lower(), languages(), n=5, cutoff=0.5)
    near = near or [known for known in languages() if known[:1] == language.lower()[:1]][:12]
    hint = f"near it: {', '.join(near)}" if near else "give a BCP 47 tag such as 'es' or 'pt-BR'"
    raise InputError(f"espeak-ng has no voice for language {language!r}; {hint}")


def speak(
    text: str,
    *,
    language: str,
    words_per_minute: int = 160,
    pitch: int = 50,
    voice_variant: str | None = None,
) -> EspeakSpeech:
    """Speak text; the same text gives the same bytes.

    Args:
        text: What to say; numbers and symbols are read out in the language.
        language: BCP 47 tag.
        words_per_minute: 80 to 450.
        pitch: 0 (low) to 99 (high).
        voice_variant: Another throat, such as ``"f2"`` or ``"m3"``.

    Raises:
        InputError: No voice for the language, a script it cannot read, nothing to say, or a value out of range.

    Example:
        >>> hello = speak("Hello!", language="en")
        >>> [phoneme.symbol for phoneme in hello.phonemes]
        ['h', 'ə', 'l', 'oʊ']
    """
    marks = _synthesize(
        text, language=language, words_per_minute=words_per_minute, pitch=pitch, voice_variant=voice_variant
    )
    samples = (marks.samples.astype(np.float32) / np.float32(32768))[None]
    heard = tuple(
        PhonemeSpan(symbol, Span(Fraction(start, marks.sample_rate), Fraction(end, marks.sample_rate)))
        for start, end, raw in _intervals(marks)
        if (symbol := canonical(raw))
    )
    if not heard:
        raise InputError(f"there is nothing to say in {text!r}; give words")
    return EspeakSpeech(Waveform(samples, marks.sample_rate), heard)


def phonemize(text: str, *, language: str, stress: bool = False) -> tuple[str, ...]:
    """Phonemes of a text in IPA: exactly those that ``speak`` times.

    Args:
        text: What to say.
        language: BCP 47 tag.
        stress: Keep ``ˈ`` or ``ˌ`` in front of stressed vowels.

    Raises:
        InputError: As for ``speak``.

    Example:
        >>> phonemize("la niña", language="es")
        ('l', 'a', 'n', 'i', 'ɲ', 'a')
        >>> phonemize("la niña", language="es", stress=True)
        ('l', 'a', 'n', 'ˈi', 'ɲ', 'a')
    """
    marks = _synthesize(text, language=language, words_per_minute=160, pitch=50, voice_variant=None)
    found = []
    for _, _, raw in _intervals(marks):
        if symbol := canonical(raw):
            found.append((raw[0] if stress and raw[0] in STRESS_MARKS else "") + symbol)
    if not found:
        raise InputError(f"there is nothing to say in {text!r}; give words")
    return tuple(found)


def _synthesize(text: str, *, language: str, words_per_minute: int, pitch: int, voice_variant: str | None) -> Marks:
    if words_per_minute not in _RATES:
        raise InputError(f"words_per_minute must be {_RATES[0]} to {_RATES[-1]}, got {words_per_minute}")
    if pitch not in _PITCHES:
        raise InputError(f"pitch must be {_PITCHES[0]} to {_PITCHES[-1]}, got {pitch}")
    voice = find_voice(language)
    if voice_variant is not None:
        if voice_variant not in _variants():
            near = difflib.get_close_matches(voice_variant, _variants(), n=5, cutoff=0.3)
            raise InputError(f"espeak-ng has no variant {voice_variant!r}; near it: {', '.join(near) or 'f2, m3'}")
        voice = f"{voice}+{voice_variant}"
    clean = normalize(text, language=language)
    check_writing(clean, voice=voice)
    with fresh_library() as library:
        return library.synthesize(clean, voice=voice, words_per_minute=words_per_minute, pitch=pitch)


def _intervals(marks: Marks) -> list[tuple[int, int, str]]:
    """Start, end and symbol of every phoneme that lasts; ``(en)`` says that another language begins."""
    edges = [min(sample, len(marks.samples)) for sample, _ in marks.events] + [len(marks.samples)]
    return [
        (start, end, raw)
        for (_, raw), start, end in zip(marks.events, edges, edges[1:], strict=False)
        if raw and not raw.startswith("(") and start < end
    ]


@lru_cache(maxsize=1)
def _variants() -> tuple[str, ...]:
    import espeakng_loader

    folder = Path(espeakng_loader.get_data_path()) / "voices" / "!v"
    return tuple(sorted(path.name for path in folder.iterdir()))
