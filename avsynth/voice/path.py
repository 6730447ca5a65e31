"""Known phones on what the phoneme network hears: which of them sounds in every frame, and what cannot have sounded."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from avsynth.voice.phones import SILENCE

_FAINTEST = -9.0  # log chance below which it does not matter how unlikely a sound is
_SILENCE_COST = 0.7  # in natural log units a frame: closures are heard as silence too
_NEAR_FRAMES = 5  # a sound may be heard so long before it begins and after it ends
_BRIEF_FRAMES = 10  # a silence as short as this is none where it is loud
_NEVER = -12.0

Array = NDArray[np.float32]


def room_for(phones: Sequence[int], *, frames: int) -> bool:
    """Whether so many frames can hold the phones: one each, and a silence between two that are the same."""
    return frames > len(phones) + sum(a == b for a, b in itertools.pairwise(phones))


def path_of(chances: Array, *, phones: Sequence[int]) -> NDArray[np.int64]:
    """Which of ``phones`` sounds in every frame, ``(T,)``; -1 for none.

    Args:
        chances: Log chance of every phone in every frame, ``(T, P)``.
        phones: Indices of ``phonemes.PHONES`` in the order they are said; there must be room for them.

    Source:
        The search is torchaudio's ``forced_align``.
    """
    import torch
    from torchaudio.functional import forced_align

    costs = torch.from_numpy(np.ascontiguousarray(np.maximum(chances, _FAINTEST))[None])
    costs[..., SILENCE] -= _SILENCE_COST
    found, _ = forced_align(costs, torch.tensor([phones], dtype=torch.int32), blank=SILENCE)
    labels = found[0].numpy()
    begins = (labels != SILENCE) & (np.diff(labels, prepend=SILENCE) != 0)
    path: NDArray[np.int64] = np.where(labels == SILENCE, -1, np.cumsum(begins) - 1)
    return path


def as_told(chances: Array, *, phones: Sequence[int], loud: NDArray[np.bool_]) -> Array:
    """What is heard, where it is known what is said: what cannot have been said there counts for what was.

    Networks mistake a voice they do not know, and a converter would say their mistakes. When the sounds begin and end,
    and how clear they are, is still what is heard.

    Args:
        chances: Log chance of every phone in every frame, ``(T, P)``.
        phones: What is said, indices of ``phonemes.PHONES``; where there is no room for it nothing changes.
        loud: ``(T,)``, the frames that are too loud for a short silence between two sounds.

    Example:
        >>> heard = np.log(np.array([[0.1, 0.2, 0.7], [0.1, 0.3, 0.6], [0.8, 0.1, 0.1]], np.float32))
        >>> told = as_told(heard, phones=[1], loud=np.array([False, False, True]))
        >>> (100 * np.exp(told)).round().astype(int).tolist()
        [[10, 90, 0], [10, 90, 0], [0, 100, 0]]
    """
    count = len(chances)
    if not phones or not room_for(phones, frames=count):
        return chances
    path = path_of(chances, phones=phones)
    sounding = np.flatnonzero(path >= 0)
    frames = np.arange(count)
    after = np.clip(np.searchsorted(sounding, frames), 0, len(sounding) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.where(
        np.abs(sounding[before] - frames) <= np.abs(sounding[after] - frames), sounding[before], sounding[after]
    )
    said = np.asarray(phones)[path[np.where(path >= 0, frames, nearer)]]
    possible = np.zeros(chances.shape, bool)
    possible[:, SILENCE] = ~(loud & _brief(chances.argmax(axis=1) == SILENCE))
    for shift in range(-_NEAR_FRAMES, _NEAR_FRAMES + 1):
        possible[frames, said[np.clip(frames + shift, 0, count - 1)]] = True
    mistaken = np.logaddexp.reduce(np.where(possible, -np.inf, chances), axis=1)
    found: Array = np.where(possible, chances, np.float32(_NEVER))
    found[frames, said] = np.logaddexp(found[frames, said], mistaken)
    return found


def _brief(silent: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Frames of short silences, ``(T,)``."""
    edges = np.flatnonzero(np.diff(silent, prepend=False, append=False)).reshape(-1, 2)
    found = np.zeros(len(silent), bool)
    for start, end in edges[edges[:, 1] - edges[:, 0] <= _BRIEF_FRAMES]:
        found[start:end] = True
    return found
