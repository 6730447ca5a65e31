"""Which scripts a voice reads: a letter it cannot read would be spoken as "Cyrillic letter", so it is an error."""

from __future__ import annotations

import unicodedata

from avsynth.core.errors import InputError

_CYRILLIC = "ba be bg bs cv hr ka kk ky lfn ltg lv mk nog ru sl sr tt uk uz"
_CHINESE = "cmn yue hak"

# Measured with espeak-ng 1.52: the voices, by the first part of their file's name, that read each script. Scripts
# that are absent here are read by every voice, through the language that owns them, or hardly occur.
_READERS: dict[str, frozenset[str]] = {
    script: frozenset(voices.split())
    for script, voices in {
        "CYRILLIC": _CYRILLIC,
        "ARABIC": "ar fa ku sd ug ur",
        "CJK": _CHINESE,
        "BOPOMOFO": _CHINESE,
        "HIRAGANA": "ja",
        "KATAKANA": "ja",
        "HANGUL": "ko",
        "THAI": "th",
        "MYANMAR": "my shn",
        "ETHIOPIC": "am ti",
        "HEBREW": "he",
        "ORIYA": "or",
        "TELUGU": "te",
    }.items()
}
_NAMES = {"CJK": "Chinese characters"}


def check_writing(text: str, *, voice: str) -> None:
    """Make sure that a voice can read every letter of a text.

    Args:
        text: What is to be said.
        voice: The voice file, such as ``"roa/es"``.

    Raises:
        InputError: A letter of a script that the voice does not read, and which one it is.

    Example:
        >>> check_writing("Привет", voice="roa/es")
        Traceback (most recent call last):
            ...
        avsynth.core.errors.InputError: the voice 'es' cannot read 'П' (Cyrillic); use its own script
    """
    spoken = voice.rpartition("/")[2].lower().partition("+")[0]
    base = spoken.partition("-")[0]
    for letter in text:
        if not letter.isalpha():
            continue
        script = unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]
        readers = _READERS.get(script)
        if readers is None or base in readers:
            continue
        advice = "use kana" if base == "ja" else "use its own script"
        raise InputError(
            f"the voice {spoken!r} cannot read {letter!r} ({_NAMES.get(script, script.capitalize())}); {advice}"
        )
