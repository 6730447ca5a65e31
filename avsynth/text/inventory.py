"""One spelling of IPA: what espeak-ng writes in its own way, as the IPA writes it."""

from __future__ import annotations

import unicodedata

STRESS_MARKS = "ˈˌ"

# Written whole by espeak-ng 1.52, beside what the rules below change.
_WHOLE: dict[str, str] = {
    "i.": "ɨ",  # Mandarin "shi": the apical vowels, broadly [ɨ] (Howie 1976)
    "i̪": "ɨ",  # Mandarin "si"
    "i[": "ɨ",
    "onɡ": "ʊŋ",  # Mandarin "zhong"
    "o-": "ɤ",  # Mandarin "he": Kirshenbaum's "-" takes the rounding away
    'u"': "ʉ",  # Russian "люди": Kirshenbaum's '"' centralizes
    "ʲ": "j",  # a release long enough to be a sound of its own
    "sx": "ɧ",  # Swedish "sju"
    "l#": "l̥",  # Icelandic: voiceless
    "eoi": "ɵy",  # Cantonese
    "ɯᵝ": "ɯ",  # Japanese "u", whose lips are compressed rather than rounded
}
_RETROFLEX = {"s.": "ʂ", "z.": "ʐ", "t.": "ʈ", "d.": "ɖ", "n.": "ɳ", "l.": "ɭ", "r.": "ɽ", "ts.": "ʈʂ", "dz.": "ɖʐ"}
_ONE_LETTER = {
    "g": "ɡ",
    ":": "ː",
    "ʦ": "ts",
    "ʣ": "dz",
    "ʧ": "tʃ",
    "ʤ": "dʒ",
    "ʨ": "tɕ",
    "ʥ": "dʑ",
    "ᵻ": "ɨ",
    "ε": "ɛ",
    "A": "ɑ",
}
_STOPS = "pbtdkɡqcɟʈɖsʂɕʃ"


def canonical(symbol: str) -> str:
    """Spell one phoneme as the IPA does, without stress, tone and tie bars.

    Letters and their diacritics are composed in Unicode's NFD form, so that equal sounds compare equal.

    Args:
        symbol: One phoneme as espeak-ng or a person writes it.

    Returns:
        The phoneme, ``""`` if it was only marks.

    Example:
        >>> canonical("ˈts.h"), canonical("g"), canonical("t͡ʃ"), canonical("ss")
        ('ʈʂʰ', 'ɡ', 'tʃ', 'sː')
    """
    text = unicodedata.normalize("NFD", symbol)
    text = "".join(c for c in text if c not in STRESS_MARKS and c not in "͜͡")
    text = "".join(c for c in text if c not in "˥˦˧˨˩" and not c.isdigit())
    text = "".join(_ONE_LETTER.get(c, c) for c in text).replace("c\u0327", "ç")
    if text in _WHOLE:
        return _WHOLE[text]
    aspirated = len(text) > 1 and text.endswith("h") and text[-2] in _STOPS + "."
    if aspirated:
        text = text[:-1]
    text = _RETROFLEX.get(text, text).rstrip("-.")
    if len(text) > 1 and text[0] == text[1]:
        text = f"{text[0]}ː{text[2:]}"
    return text + ("ʰ" if aspirated else "")
