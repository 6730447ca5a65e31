"""Whose voice it sounds like: cosines of a speaker encoder, read for a whole set of voices at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.floating]


@dataclass(frozen=True)
class SpeakerSimilarity:
    """How like the right voice a set of utterances is, and how unlike the others'.

    ``own`` alone says little: a man's median pitch brings any man's voice nearer. Read it with ``others`` and ``hit``.

    Attributes:
        count: Utterances.
        own: Mean cosine to the real utterances of the voice that was wanted.
        low: Of 10 utterances 9 have more: the 10th percentile of ``own``.
        others: Mean cosine to the real utterances of every other voice; NaN where there is none.
        hit: Share of utterances whose nearest voice is the right one.
        voices: Of how many.
    """

    count: int
    own: float
    low: float
    others: float
    hit: float
    voices: int


def speaker_similarity(
    made: Mapping[str, Sequence[Vectors]], *, real: Mapping[str, Sequence[Vectors]]
) -> SpeakerSimilarity:
    """Hold utterances against real ones of all voices.

    Args:
        made: Unit vectors ``(D,)`` of utterances, by the voice that was wanted.
        real: Unit vectors of real utterances, by voice; at least those of ``made``. Their cosines are averaged, not
            they themselves: a mean vector is nearer to everybody than any utterance.

    Raises:
        ValueError: Nothing was made, or a voice has no real utterance.

    Example:
        >>> a, b = np.array([1.0, 0.0]), np.array([0.0, 1.0])
        >>> found = speaker_similarity({"a": [a], "b": [np.array([0.6, 0.8])]}, real={"a": [a], "b": [b, b]})
        >>> found.own, round(found.others, 9), found.hit
        (0.9, 0.3, 1.0)
    """
    names = [name for name, vectors in real.items() if len(vectors)]
    if absent := sorted(made.keys() - set(names)):
        raise ValueError(f"no real utterance of {absent[0]!r} to hold against")
    rows = [vector for vectors in made.values() for vector in vectors]
    if not rows:
        raise ValueError("there is nothing to measure")
    who = np.array([names.index(name) for name, vectors in made.items() for _ in vectors])
    likeness = np.stack([(np.stack(rows) @ np.stack(real[name]).T).mean(axis=1) for name in names], axis=1)
    own = likeness[np.arange(len(rows)), who]
    others = (likeness.sum(axis=1) - own) / (len(names) - 1) if len(names) > 1 else np.full(len(rows), np.nan)
    return SpeakerSimilarity(
        count=len(rows),
        own=float(own.mean()),
        low=float(np.percentile(own, 10)),
        others=float(others.mean()),
        hit=float((likeness.argmax(axis=1) == who).mean()),
        voices=len(names),
    )


@dataclass(frozen=True)
class Verification:
    """How well an encoder tells voices apart.

    Attributes:
        own: Mean cosine of pairs of one speaker.
        others: Mean cosine of pairs of two.
        equal_error: Share of errors at the threshold that misses as many own pairs as it takes of others'.
        threshold: That cosine.
        pairs: How many pairs of one speaker there were.
    """

    own: float
    others: float
    equal_error: float
    threshold: float
    pairs: int


def verification(voices: Mapping[str, Sequence[Vectors]]) -> Verification:
    """Hold every utterance against every other.

    Args:
        voices: Unit vectors ``(D,)`` of utterances by speaker: two speakers at least, of one of them two.
    """
    vectors = np.stack([vector for theirs in voices.values() for vector in theirs])
    who = np.repeat(np.arange(len(voices)), [len(theirs) for theirs in voices.values()])
    first, second = np.triu_indices(len(vectors), 1)
    cosines = (vectors @ vectors.T)[first, second]
    same = who[first] == who[second]
    rate, threshold = equal_error(cosines[same], others=cosines[~same])
    return Verification(
        float(cosines[same].mean()), float(cosines[~same].mean()), rate, threshold, int(np.count_nonzero(same))
    )


def equal_error(own: Vectors, *, others: Vectors) -> tuple[float, float]:
    """Where a threshold misses as many of one's own pairs as it takes of others'.

    Args:
        own: Cosines ``(N,)`` of pairs of one speaker.
        others: Cosines ``(M,)`` of pairs of two.

    Returns:
        The share of errors there, in 0..1, and the threshold.

    Raises:
        ValueError: There are no pairs of the one or of the other kind.

    Example:
        >>> rate, threshold = equal_error(np.array([0.9, 0.8, 0.5]), others=np.array([0.1, 0.6, 0.2]))
        >>> round(rate, 3), round(threshold, 3)
        (0.333, 0.55)
    """
    if not (len(own) and len(others)):
        raise ValueError("an equal error rate needs pairs of one speaker and pairs of two")
    values = np.unique(np.concatenate([own, others]))
    edges = np.concatenate([values[:1] - 1, (values[1:] + values[:-1]) / 2, values[-1:] + 1])
    missed = np.searchsorted(np.sort(own), edges) / len(own)
    taken = 1 - np.searchsorted(np.sort(others), edges) / len(others)
    best = int(np.argmin(np.abs(missed - taken)))
    return float(missed[best] + taken[best]) / 2, float(edges[best])
