"""Cuts a film that is being read into pieces of its shots, which are known or are found on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from avsynth.core.media import Frames, Shot
from avsynth.face.follow import SEARCH_EVERY
from avsynth.media.read import read_frames
from avsynth.media.shots import ShotFinder

_WAITING_BYTES = 96 * 2**20  # of pictures that wait until it is known whether there is a cut


@dataclass(frozen=True)
class Piece:
    """A few frames of one shot.

    Attributes:
        frames: At most ``SEARCH_EVERY`` of them.
        start: First frame of the shot.
        last: The shot ends with them.
    """

    frames: Frames
    start: int
    last: bool


def by_shots(path: Path, shots: Sequence[Shot]) -> Iterator[Piece]:
    """The pieces of known shots, in order; each unbroken stretch of the film is read once.

    Raises:
        MediaError: The film cannot be read.
    """
    stretches: list[list[Shot]] = []
    for shot in shots:
        if stretches and stretches[-1][-1].end == shot.start:
            stretches[-1].append(shot)
        else:
            stretches.append([shot])
    for stretch in stretches:
        ends = [shot.end for shot in stretch]
        start = stretch[0].start
        for frames in read_frames(path, start=start, end=ends[-1], chunk=SEARCH_EVERY):
            for piece in _cut(frames, start, ends):
                yield piece
                start = ends.pop(0) if piece.last else start


def by_found_shots(path: Path, finder: ShotFinder) -> Iterator[Piece]:
    """The pieces of shots that ``finder`` finds while the film is read.

    What it knows a moment later may differ, in flicker or where memory holds few pictures: ask it for the shots after
    the last piece.

    Raises:
        MediaError: The film cannot be read.
    """
    waiting: deque[Frames] = deque()
    start = 0
    for frames in read_frames(path, chunk=SEARCH_EVERY):
        finder.see(frames)
        waiting.append(frames)
        most = max(_WAITING_BYTES // max(sum(plane.nbytes for plane in frames.planes), 1), 1)
        seen = frames.start + len(frames)
        while waiting and (
            seen == finder.frame_count
            or seen - waiting[0].start - len(waiting[0]) >= finder.needs
            or len(waiting) > most
        ):
            first = waiting.popleft()
            end = first.start + len(first)
            ends = [cut for cut in finder.cuts(since=first.start + 1) if start < cut <= end]
            ends += [finder.frame_count] if end == finder.frame_count else []
            for piece in _cut(first, start, sorted({*ends})):
                yield piece
                start = piece.frames.start + len(piece.frames) if piece.last else start


def _cut(frames: Frames, start: int, ends: Sequence[int]) -> Iterator[Piece]:
    """One chunk in pieces; ``ends`` are those of the shot that begins at ``start`` and of the ones after it."""
    first, stop = frames.start, frames.start + len(frames)
    for end in [end for end in ends if first < end <= stop]:
        yield Piece(_part(frames, first - frames.start, end - frames.start), start, True)
        first = start = end
    if first < stop:
        yield Piece(_part(frames, first - frames.start, stop - frames.start), start, False)


def _part(frames: Frames, start: int, end: int) -> Frames:
    if start == 0 and end == len(frames):
        return frames
    planes = tuple(plane[start:end] for plane in frames.planes)
    return Frames(planes, frames.pixel_format, frames.start + start, frames.pts[start:end], frames.color)
