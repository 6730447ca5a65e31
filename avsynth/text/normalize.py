"""Text as it is to be spoken: one spelling of spaces and letters, without marks that nobody says."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"  # they change the shape, and with it the reading, of Indic and Persian letters
_UNSPOKEN = str.maketrans({"♪": " ", "♫": " ", "♬": " ", "♩": " ", "\u0640": None, "\u00ad": None, "’": "'", "ʼ": "'"})
_DIRECTION = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|（[^（）]*）")
_WIDE = ("zh", "ja", "ko", "cmn", "yue")


def normalize(text: str, *, language: str) -> str:
    r"""Prepare text for a voice; what is said does not change.

    Letters are composed (NFC; East Asian full-width and half-width forms become ordinary ones), spaces and line
    breaks become one space each, and music notes, control characters, soft hyphens and the Arabic tatweel go.
    Numbers, dates and symbols stay: the voice reads them in its language.

    Args:
        text: Any text.
        language: BCP 47 tag.

    Example:
        >>> normalize("♪ Don’t\n  stop ♪", language="en")
        "Don't stop"
    """
    wide = language.lower().partition("-")[0] in _WIDE
    text = unicodedata.normalize("NFKC" if wide else "NFC", text).translate(_UNSPOKEN)
    kept = (
        " " if c.isspace() else c for c in text if c.isspace() or c in _JOINERS or unicodedata.category(c)[0] != "C"
    )
    return " ".join("".join(kept).split())


def without_directions(text: str) -> str:
    """Take out what subtitles say about sounds and manner: all that stands in round or square brackets.

    Subtitles for the hard of hearing put ``(laughs)`` and ``[door slams]`` so; in a dubbing script nothing in
    brackets is spoken.

    >>> without_directions("(laughs) Oh, you! [door slams]")
    'Oh, you!'
    """
    before = ""
    while before != text:
        before, text = text, _DIRECTION.sub(" ", text)
    return " ".join(text.split())
