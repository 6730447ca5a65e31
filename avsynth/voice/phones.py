"""From IPA to the speech sounds that the phoneme network tells apart."""

from __future__ import annotations

from functools import cache

from avsynth.models.phonemes import PHONES
from avsynth.text.articulation import Articulation, features
from avsynth.text.inventory import canonical

SILENCE = 0
_INDEX = {symbol: index for index, symbol in enumerate(PHONES) if index}
# What espeak-ng writes as one symbol and the ear hears as two, or as another.
_SPELT: dict[str, tuple[str, ...]] = {
    "ɜ": ("ɚ",),
    "ɒ": ("ɔ",),
    "ʝ": ("j",),
    "dz": ("ts",),
    "pf": ("p", "f"),
    "ɔø": ("ɔɪ",),
    "ɔʏ": ("ɔɪ",),
    "oɪ": ("ɔɪ",),
    "əl": ("ə", "l"),
    "iə": ("i", "ə"),
    "eʊ": ("e", "ʊ"),
    "ʊɐ": ("ʊ", "ɐ"),
    "ɑɹ": ("ɑ", "ɹ"),
    "ɔɹ": ("ɔ", "ɹ"),
    "ʊɹ": ("ʊ", "ɹ"),
    "ɛɹ": ("ɛ", "ɹ"),
    "ɪɹ": ("ɪ", "ɹ"),
    "aɪɚ": ("aɪ", "ɚ"),
    "aɪə": ("aɪ", "ə"),
}


@cache
def phones_of(symbol: str) -> tuple[int, ...]:
    """Indices in ``phonemes.PHONES`` of what an IPA symbol sounds like; none for silence.

    Example:
        >>> [[PHONES[phone] for phone in phones_of(symbol)] for symbol in ("ˈiː", "ɔːɹ", "ʀ", "ɟ", "_")]
        [['i'], ['ɔ', 'ɹ'], ['ʁ'], ['ɡ'], []]
    """
    bare = "".join(letter for letter in canonical(symbol) if letter not in "ː̩ˑʰ")
    if bare in _SPELT:
        return tuple(_INDEX[part] for part in _SPELT[bare])
    if bare in _INDEX:
        return (_INDEX[bare],)
    wanted = features(symbol)
    if wanted.kind == "silence":
        return ()
    return tuple(_nearest(part) for part in wanted.sequence)


def _nearest(wanted: Articulation) -> int:
    single = {symbol: features(symbol) for symbol in _INDEX}
    costs = {symbol: _unlike(wanted, known) for symbol, known in single.items() if len(known.sequence) == 1}
    return _INDEX[min(costs, key=lambda symbol: costs[symbol])]


def _unlike(a: Articulation, b: Articulation) -> float:
    """How differently two sounds are made."""
    if a.kind != b.kind:
        return 10.0
    body = 2 * abs(a.height - b.height) + abs(a.backness - b.backness) + abs(a.rounded - b.rounded)
    if a.kind == "vowel":
        return body + (a.nasalized != b.nasalized)
    near = _PLACES.get(a.place, a.place) == _PLACES.get(b.place, b.place)
    return (a.place != b.place) + 2.0 * (not near) + 2.5 * (a.manner != b.manner) + (a.voiced != b.voiced) + 0.1 * body


_PLACES = {"uvular": "velar", "pharyngeal": "glottal", "palatal": "velar"}
_PLACES |= dict.fromkeys(("dental", "postalveolar", "retroflex"), "alveolar")
