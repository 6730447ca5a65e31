"""Forced alignment: when each of a row of known speech sounds is heard, silences between them allowed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from avsynth.models.ear import CLASSES, Hearing
from avsynth.text.articulation import Articulation, features
from avsynth.text.inventory import STRESS_MARKS

LEAST_FRAMES = 2  # a sound lasts at least so long
_SILENCE_COST = 2.0  # in natural log units, of each silence
_SURE, _RARE = -6.0, -4.5  # least log chance of a sound, and of a class before anything is heard
_PRIOR_SHARE = 0.6
_NEVER = -1e9


@cache
def class_of(symbol: str) -> int:
    """The class of ``ear.CLASSES`` that sounds most like an IPA symbol; 0 for silence.

    Example:
        >>> [CLASSES[class_of(symbol)][0] for symbol in ("b", "uː", "x", "y", "ʀ")]
        ['p', 'u', 'k', 'i', 'k']
    """
    bare = "".join(letter for letter in symbol if letter not in STRESS_MARKS and letter not in "ː̩ˑ")
    for index, group in enumerate(CLASSES):
        if bare in group:
            return index
    wanted = features(symbol)
    if wanted.kind == "silence":
        return 0
    first = wanted.sequence[0]
    costs = [np.inf] + [min(_unlike(first, features(known).sequence[0]) for known in group) for group in CLASSES[1:]]
    return int(np.argmin(costs))


def _unlike(a: Articulation, b: Articulation) -> float:
    """How differently two sounds are made."""
    if a.kind != b.kind:
        return 10.0
    body = 2 * abs(a.height - b.height) + abs(a.backness - b.backness) + abs(a.rounded - b.rounded)
    if a.kind == "vowel":
        return body
    return (
        2.0 * (_PLACES.get(a.place, a.place) != _PLACES.get(b.place, b.place))
        + 1.5 * (a.manner != b.manner)
        + 0.1 * body
    )


_PLACES = {"uvular": "velar", "pharyngeal": "glottal", "retroflex": "postalveolar", "labial-velar": "bilabial"}


def force(
    heard: Hearing, *, classes: Sequence[int], prior: NDArray[np.floating]
) -> tuple[list[tuple[int, int]], float]:
    """Find each sound of a known row.

    Args:
        heard: What the ear says.
        classes: Indices of ``ear.CLASSES`` in the order they are said, none of them 0.
        prior: ``(C,)`` log chance of each class before anything is heard.

    Returns:
        First and last-plus-one frame of each sound, and the mean log likelihood a frame: how well the row fits.

    Raises:
        ValueError: There is nothing to find, or the sound is too short to hold it.

    Source:
        Viterbi (1967), with states that last ``LEAST_FRAMES`` and a silence that may be skipped before every sound.
    """
    if not classes or len(heard) < LEAST_FRAMES * len(classes) + 1:
        raise ValueError(f"{len(classes)} sounds do not fit into {len(heard)} frames")
    block = LEAST_FRAMES + 1  # a silence and one sound
    states = np.concatenate([np.array([0, *[c] * LEAST_FRAMES]) for c in classes] + [np.zeros(1, int)])
    place = np.arange(len(states))
    silence, first = place % block == 0, place % block == 1
    score = np.maximum(np.log(heard.chance + 1e-12), _SURE) - _PRIOR_SHARE * np.maximum(prior, _RARE)
    best = np.full(len(states), _NEVER)
    best[:2] = score[0, states[:2]]
    came = np.zeros((len(heard), len(states)), np.int8)
    first[1] = False  # before the first sound there is nothing to skip from
    for t in range(1, len(heard)):
        on = np.concatenate([[_NEVER], best[:-1]]) - _SILENCE_COST * silence
        skip = np.where(first, np.concatenate([[_NEVER, _NEVER], best[:-2]]), _NEVER)
        ways = np.stack([best, on, skip])
        came[t] = ways.argmax(axis=0)
        best = ways[came[t], place] + score[t, states]
    state = len(states) - 1 if best[-1] > best[-2] else len(states) - 2
    likelihood = float(best[state] / len(heard))
    path = np.zeros(len(heard), np.int64)
    for t in range(len(heard) - 1, -1, -1):
        path[t] = state
        state -= int(came[t, state])
    sounding = path % block > 0
    spans = [np.flatnonzero(sounding & (path // block == i)) for i in range(len(classes))]
    return [(int(rows[0]), int(rows[-1]) + 1) for rows in spans], likelihood
