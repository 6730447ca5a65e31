"""The speech sounds that the phoneme network tells apart."""

from __future__ import annotations

# IPA without length and stress; the first is silence.
PHONES: tuple[str, ...] = (
    "", "p", "b", "t", "d", "k", "ɡ", "m", "n", "ŋ", "ɲ", "f", "v", "θ", "ð", "s", "z", "ʃ", "ʒ", "x", "ç", "ɣ", "β",
    "h", "ɹ", "ɾ", "r", "ʁ", "l", "ʎ", "j", "w", "tʃ", "dʒ", "ts",
    "i", "ɪ", "e", "ɛ", "æ", "a", "ɑ", "ɐ", "ʌ", "ə", "ɚ", "ɔ", "o", "u", "ʊ", "ɨ", "y", "ʏ", "ø", "œ",
    "ɑ̃", "ɔ̃", "ɛ̃", "eɪ", "aɪ", "aʊ", "oʊ", "ɔɪ",
)  # fmt: skip
