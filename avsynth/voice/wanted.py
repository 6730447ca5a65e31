"""Which of the people in some recordings is the one to enroll, and which parts are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.voice.recordings import Recording, listen, seconds_of
from avsynth.voice.turns import SAME_PERSON, Person, Vectors, Window, hear, kept_parts, mean_of, people, windows_of

LEAST_LIKENESS = 0.74  # of a short example to a person: one person and two are mistaken equally often there
_UNCLEAR_SHARE = 0.4  # of the first one's seconds, from which on a second speaker may as well be meant
_LEAST_EXAMPLE_SECONDS = 1.0


def own_parts(heard: Sequence[Recording], *, like: Path | None = None) -> list[list[range]]:
    """The parts of one person in each recording.

    Args:
        heard: The recordings; where a person chose the spans, all clean speech in them is the speaker's.
        like: A recording of the speaker alone.

    Raises:
        InputError: Several people speak and it is not clear who is meant, nobody sounds like ``like``, or ``like``
            holds too little speech or several people.
    """
    windows = [windows_of(item.clean, source=index) for index, item in enumerate(heard)]
    vectors = [hear(item.sound, cut) for item, cut in zip(heard, windows, strict=True)]
    example = _example(like) if like else _chosen(heard, vectors)
    open_ones = [index for index, item in enumerate(heard) if like or not item.chosen]
    own = [list(item.clean) for item in heard]
    if not sum(len(vectors[index]) for index in open_ones):
        return own
    flat = [window for index in open_ones for window in windows[index]]
    found = people(np.concatenate([vectors[index] for index in open_ones]))
    parts = [_parts_of(person.heard, flat, heard) for person in found]
    theirs = _nearest(found, example, like=like) if example is not None else _most(found, parts, heard)
    mine = _parts_of(theirs, flat, heard)
    for index in open_ones:
        own[index] = mine[index]
    return own


def _parts_of(theirs: NDArray[np.bool_], windows: Sequence[Window], heard: Sequence[Recording]) -> list[list[range]]:
    made = []
    for index, item in enumerate(heard):
        mine = [number for number, window in enumerate(windows) if window.source == index]
        made.append(kept_parts(item.clean, [windows[number] for number in mine], theirs[mine]))
    return made


def _nearest(found: Sequence[Person], example: Vectors, *, like: Path | None) -> NDArray[np.bool_]:
    likeness = [float(person.mean @ example) for person in found]
    if max(likeness) < LEAST_LIKENESS:
        what = f"{like}" if like else "the speech in the given spans"
        raise InputError(
            f"nobody in the recordings sounds like {what} (likeness {max(likeness):.2f} at most, {LEAST_LIKENESS:g} "
            "is needed); give a clean recording of the speaker alone, or say where they speak"
        )
    best = int(np.argmax(likeness))
    same = [p.heard for i, p in enumerate(found) if i == best or likeness[i] >= SAME_PERSON]
    theirs: NDArray[np.bool_] = np.any(same, axis=0)
    return theirs


def _most(found: Sequence[Person], parts: Sequence[list[list[range]]], heard: Sequence[Recording]) -> NDArray[np.bool_]:
    lengths = [sum(seconds_of(part) for part in of_one) for of_one in parts]
    order = sorted(range(len(found)), key=lambda index: -lengths[index])
    if len(found) > 1 and lengths[order[1]] > _UNCLEAR_SHARE * lengths[order[0]]:
        names = ", ".join(str(item.path) for item in heard if not item.chosen)
        times = ", ".join(f"{lengths[index]:.0f} s" for index in order)
        raise InputError(
            f"{len(found)} people speak in {names} ({times}) and it is not clear who is meant: give a short clean "
            "recording of the speaker alone (--like CLIP), or say where they speak (--span START-END)"
        )
    return found[order[0]].heard


def _chosen(heard: Sequence[Recording], vectors: Sequence[Vectors]) -> Vectors | None:
    chosen = [vector for item, vector in zip(heard, vectors, strict=True) if item.chosen and len(vector)]
    return mean_of(np.concatenate(chosen)) if chosen else None


def _example(like: Path) -> Vectors:
    recording = listen(like, spans=None)
    if seconds_of(recording.clean) < _LEAST_EXAMPLE_SECONDS:
        reasons = "; ".join(item.reason for item in recording.left_out)
        raise InputError(
            f"{like} holds {seconds_of(recording.clean):.1f} s of clean speech{f' ({reasons})' if reasons else ''}; "
            f"an example of a voice needs {_LEAST_EXAMPLE_SECONDS:g} s or more"
        )
    vectors = hear(recording.sound, windows_of(recording.clean))
    if len(people(vectors)) != 1:
        raise InputError(f"not exactly one person speaks in {like}; give a recording of the speaker alone")
    return mean_of(vectors)
