"""Decides which face speaks which speaker's lines, by whose mouth moves during them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack
from avsynth.core.script import Script

_CLEARLY = 1.5  # the best face's mouth must move this much more than the next one's
_SEEN = 0.2  # a face that is there in less of a speaker's lines than this does not speak them
_STILL = 0.002  # mean change of the opening from frame to frame: the engine's own jitter


def speaking_tracks(
    tracks: Sequence[FaceTrack],
    script: Script,
    *,
    frame_rate: Fraction,
    given: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """Which track speaks each speaker's lines.

    A person's word (``given``) is taken as it is. A single speaker with a single face needs no guess. Otherwise the
    mouth that moves most during the speaker's lines is taken, if it moves clearly more than every other.

    Args:
        tracks: Pieces of all faces; pieces of one person share an id.
        script: The lines; only those ``on_screen`` count.
        frame_rate: Frames a second of the film.
        given: Track id by speaker.

    Returns:
        Track id by speaker. A speaker whose lines show no face, such as a narrator, is left out.

    Raises:
        InputError: ``given`` names no speaker or track of the film, or it is not clear who speaks.
    """
    pieces: dict[int, list[FaceTrack]] = defaultdict(list)
    for track in tracks:
        pieces[track.id].append(track)
    chosen = dict(given or {})
    _check_given(chosen, script, pieces)
    lines = _frames_of_lines(script, frame_rate)
    for speaker, frames in lines.items():
        if speaker in chosen:
            continue
        free = {number: own for number, own in pieces.items() if number not in (given or {}).values()}
        seen = {number: own for number, own in free.items() if _share_seen(own, frames) >= _SEEN}
        if len(seen) == 1 and len(lines) == 1:
            chosen[speaker] = next(iter(seen))
        elif seen:
            chosen[speaker] = _most_active(speaker, seen, frames)
    _check_distinct(chosen, pieces)
    return {speaker: chosen[speaker] for speaker in script.speakers if speaker in chosen}


def _check_given(given: Mapping[str, int], script: Script, pieces: Mapping[int, Sequence[FaceTrack]]) -> None:
    for speaker, number in given.items():
        if speaker not in script.speakers:
            names = ", ".join(map(repr, script.speakers))
            raise InputError(f"--face names {speaker!r}, who has no line; the script's speakers are: {names}")
        if number not in pieces:
            raise InputError(f"--face {speaker}={number}: there is no such face; {_listed(pieces)}")


def _frames_of_lines(script: Script, frame_rate: Fraction) -> dict[str, NDArray[np.int64]]:
    frames: dict[str, list[range]] = defaultdict(list)
    for line in script.utterances:
        if line.on_screen:
            frames[line.speaker].append(line.span.frames(frame_rate))
    return {speaker: np.unique(np.concatenate([np.array(r, np.int64) for r in own])) for speaker, own in frames.items()}


def _share_seen(pieces: Sequence[FaceTrack], frames: NDArray[np.int64]) -> float:
    seen = sum(int(piece.visible[_inside(piece, frames)].sum()) for piece in pieces)
    return seen / max(len(frames), 1)


def _inside(piece: FaceTrack, frames: NDArray[np.int64]) -> NDArray[np.int64]:
    kept: NDArray[np.int64] = frames[(frames >= piece.start) & (frames < piece.end)] - piece.start
    return kept


def _activity(pieces: Sequence[FaceTrack], frames: NDArray[np.int64]) -> float:
    """Mean change of the mouth's opening from frame to frame over the lines; 0 where the face is not there."""
    total = 0.0
    for piece in pieces:
        opening = piece.layout.mouth_opening(piece.landmarks_px)
        change = np.abs(np.diff(opening, prepend=opening[:1])) * piece.visible
        total += float(change[_inside(piece, frames)].sum())
    return total / max(len(frames), 1)


def _most_active(speaker: str, pieces: Mapping[int, Sequence[FaceTrack]], frames: NDArray[np.int64]) -> int:
    ranked = sorted(((_activity(own, frames), number) for number, own in pieces.items()), reverse=True)
    best, number = ranked[0]
    following = max(ranked[1][0], _STILL) if len(ranked) > 1 else _STILL
    if best < _CLEARLY * following:
        raise InputError(
            f"it is not clear whose mouth moves in {speaker!r}'s lines; say it with --face {speaker}=TRACK; "
            f"{_listed(pieces)}"
        )
    return number


def _check_distinct(chosen: Mapping[str, int], pieces: Mapping[int, Sequence[FaceTrack]]) -> None:
    by_track: dict[int, str] = {}
    for speaker, number in chosen.items():
        if number in by_track:
            raise InputError(
                f"{by_track[number]!r} and {speaker!r} seem to speak with the same face, track {number}; say who is "
                f"who with --face {speaker}=TRACK; {_listed(pieces)}"
            )
        by_track[number] = speaker


def _listed(pieces: Mapping[int, Sequence[FaceTrack]]) -> str:
    if not pieces:
        return "no face was found in the film"
    parts = []
    for number, own in sorted(pieces.items()):
        spans = ", ".join(f"{piece.start}-{piece.end - 1}" for piece in own[:4]) + (" ..." if len(own) > 4 else "")
        points = np.concatenate([piece.landmarks_px[:, :, :2].mean(axis=1) for piece in own])
        x, y = np.median(points, axis=0)
        parts.append(f"track {number} (frames {spans}; around x={x:.0f}, y={y:.0f})")
    return "the faces are: " + "; ".join(parts)
