"""Whose turn it is in a recording: windows of speech, what a speaker encoder hears in them, and who is who."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

SAMPLE_RATE = 16_000
WINDOW_SECONDS = 1.6  # what GE2E was trained on
_STEP_SECONDS = 0.8
_SHORTEST_SECONDS = 0.6  # a shorter word says too little of who speaks
_ALIKE = 0.75  # windows whose mean cosine is higher are joined first, while clusters are small
# Cosines of means over windows: the two largest clusters of one person's own speech lie above it in 65 of 66
# recordings (the worst .76, the next .80); two people's are .57 in the median, 95 % below .71, 99 % below .75,
# the most alike .82 (40 people of LibriSpeech, the 31 of yourtts, ljspeech, grid_s1).
SAME_PERSON = 0.78
_STRANGE = 0.68  # a window further from a person's mean is not theirs: of their own 0.5 % are below .73
_PERSON_WINDOWS = 4  # fewer are an outlier rather than another person
_BATCH = 32

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Window:
    """Samples ``[start, stop)`` of sound at 16 kHz, in source number ``source``."""

    source: int
    start: int
    stop: int


@dataclass(frozen=True)
class Person:
    """Somebody who is heard: the mean unit vector ``(D,)`` of their windows, and which those are, ``(N,)`` bool."""

    mean: Vectors
    heard: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """How many windows are theirs."""
        return int(self.heard.sum())


def windows_of(parts: Sequence[range], *, source: int = 0) -> tuple[Window, ...]:
    """Cover stretches of speech with windows of 1.6 s, half overlapping; a shorter stretch is one window.

    >>> [(w.start, w.stop) for w in windows_of([range(0, 8000), range(20_000, 64_000)])]
    [(20000, 45600), (29200, 54800), (38400, 64000)]
    """
    size, step = round(WINDOW_SECONDS * SAMPLE_RATE), round(_STEP_SECONDS * SAMPLE_RATE)
    found = []
    for part in parts:
        if len(part) < _SHORTEST_SECONDS * SAMPLE_RATE:
            continue
        count = max(0, -(-(len(part) - size) // step)) + 1
        last = max(part.start, part.stop - size)
        starts = np.linspace(part.start, last, count).astype(int).tolist()
        found += [Window(source, start, min(start + size, part.stop)) for start in starts]
    return tuple(found)


def hear(sound: NDArray[np.float32], windows: Sequence[Window]) -> Vectors:
    """Unit vectors ``(N, D)`` of windows of sound ``(T,)``, by GE2E: the encoder the numbers above are of.

    A window shorter than 1.6 s is heard over and over until it is as long.
    """
    import torch

    from avsynth.models.ge2e import DIMENSION, PARTIAL_FRAMES, mel_frames, raise_level

    if not windows:
        return np.zeros((0, DIMENSION), np.float32)
    hop = round(WINDOW_SECONDS * SAMPLE_RATE) // PARTIAL_FRAMES
    mels = mel_frames(raise_level(sound))
    parts = [mels[window.start // hop : window.stop // hop] for window in windows]
    whole = np.stack([np.resize(part, (PARTIAL_FRAMES, part.shape[1])) for part in parts])
    with torch.no_grad():
        made = [_network()(torch.from_numpy(whole[i : i + _BATCH])).numpy() for i in range(0, len(whole), _BATCH)]
    return np.concatenate(made)


@cache
def _network() -> Any:
    from avsynth.models.ge2e import Ge2e
    from avsynth.models.hub import load_into

    network = Ge2e()
    load_into(network, card="speaker_encoder/ge2e", ignore=("similarity_weight", "similarity_bias"))
    return network


def people(vectors: Vectors) -> tuple[Person, ...]:
    """Tell the people in windows ``(N, D)`` apart; who is heard most comes first.

    Windows are clustered by average linkage, then whole clusters are joined while their means are one person's.
    A window is a person's if it is nearer to them than to anybody else, and not far from them. Of fewer than four
    windows, everything is one person.
    """
    if len(vectors) < _PERSON_WINDOWS:
        return (Person(mean_of(vectors), np.ones(len(vectors), np.bool_)),) if len(vectors) else ()
    labels = fcluster(linkage(vectors, "average", metric="cosine"), 1 - _ALIKE, "distance")
    groups = _joined([np.flatnonzero(labels == label) for label in np.unique(labels)], vectors)
    groups = [group for group in groups if len(group) >= _PERSON_WINDOWS] or [max(groups, key=len)]
    means = np.stack([_unit(vectors[group].sum(axis=0)) for group in groups])
    near = vectors @ means.T
    owner = np.where(near.max(axis=1) >= _STRANGE, near.argmax(axis=1), -1)
    found = [Person(mean, owner == index) for index, mean in enumerate(means)]
    return tuple(sorted(found, key=lambda person: -person.count))


def _joined(groups: list[NDArray[np.intp]], vectors: Vectors) -> list[NDArray[np.intp]]:
    groups = list(groups)
    sums = [vectors[group].sum(axis=0) for group in groups]
    while len(groups) > 1:
        means = np.stack([_unit(total) for total in sums])
        near = means @ means.T - 2 * np.eye(len(means))
        one, other = sorted(int(i) for i in np.unravel_index(near.argmax(), near.shape))
        if near[one, other] < SAME_PERSON:
            break
        groups[one] = np.concatenate([groups[one], groups.pop(other)])
        sums[one] = sums[one] + sums.pop(other)
    return groups


def mean_of(vectors: Vectors) -> Vectors:
    """The unit vector ``(D,)`` in the middle of windows ``(N, D)``."""
    return _unit(vectors.sum(axis=0))


def _unit(vector: Vectors) -> Vectors:
    unit: Vectors = (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)
    return unit


def kept_parts(parts: Sequence[range], windows: Sequence[Window], own: NDArray[np.bool_]) -> list[range]:
    """The stretches of speech that are somebody's own: where no window over them is anybody else's.

    Args:
        parts: All speech of one source, in samples at 16 kHz.
        windows: Of the same source, ``N``.
        own: ``(N,)``, which windows are the person's.

    Returns:
        Parts, cut where somebody else begins; what is too short for a window goes with the nearest one.

    Example:
        >>> parts = [range(0, 64_000)]
        >>> kept_parts(parts, windows_of(parts), np.array([True, True, False, False]))
        [range(0, 25600)]
    """
    if not windows:
        return []
    starts, stops = (np.array([getattr(window, end) for window in windows]) for end in ("start", "stop"))
    kept = []
    for part in parts:
        inside = (starts >= part.start) & (stops <= part.stop)
        if not inside.any():
            distance = np.maximum(starts - part.stop, part.start - stops)
            kept += [part] if own[distance.argmin()] else []
            continue
        taken = np.ones(len(part), np.bool_)
        for start, stop in zip(starts[inside & ~own], stops[inside & ~own], strict=True):
            taken[start - part.start : stop - part.start] = False
        edges = np.flatnonzero(np.diff(np.concatenate([[False], taken, [False]]).astype(np.int8)))
        kept += [range(part.start + int(a), part.start + int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return kept
