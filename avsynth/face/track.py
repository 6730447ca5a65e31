"""Finds and follows every face of a film, shot by shot, holding a few frames at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from avsynth.core.errors import InputError
from avsynth.core.face import FaceLayout, FaceTrack
from avsynth.core.media import Frames, Shot
from avsynth.core.progress import Progress, silent
from avsynth.face.appearance import Look
from avsynth.face.base import LANDMARKERS, Landmarker
from avsynth.face.follow import SEARCH_EVERY, ShotFollower, Trail
from avsynth.face.identity import number_people
from avsynth.face.occlusion import covering
from avsynth.face.pose import head_pose
from avsynth.media.ahead import ahead
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_frames


def track(
    path: Path, *, shots: Sequence[Shot], landmarker: str | Landmarker = "facemesh", progress: Progress = silent
) -> tuple[FaceTrack, ...]:
    """Follow every face of a film.

    Each shot is followed by itself: nothing reaches over a cut. Pieces of one person share an id; see
    ``identity.number_people`` for how far that can be known.

    Args:
        path: The film.
        shots: In order; frames outside them are not looked at.
        landmarker: Name of an engine, or an engine.
        progress: Told how many frames are done.

    Returns:
        One piece a person and shot, in film order, from the first to the last frame the face was seen in.

    Raises:
        MediaError: The film cannot be read.
        InputError: The shots overlap or are out of order.
        ModelError: The engine's weights cannot be obtained.
    """
    engine: Landmarker = LANDMARKERS.get(landmarker)() if isinstance(landmarker, str) else landmarker
    if any(after.start < before.end for before, after in pairwise(shots)):
        raise InputError("shots must be in order and must not overlap")
    rotation = require_video(probe(path)).rotation
    pieces: list[list[FaceTrack]] = []
    looks: list[list[Look | None]] = []
    done, total = 0, sum(map(len, shots))
    for shot, seen in _by_shot(path, shots):
        follower = ShotFollower(engine, shot=shot, rotation=rotation)
        pictures: dict[int, tuple[Frames, int]] = {}
        for frames in seen:
            pictures = {frame: place for frame, place in pictures.items() if frame >= frames.start - SEARCH_EVERY}
            pictures |= {frames.start + index: (frames, index) for index in range(len(frames))}
            for frame in range(frames.start, frames.start + len(frames)):
                follower.see(frame, pictures)
            done += len(frames)
            progress("tracking faces", done, total)
        trails = follower.found()
        pieces.append([_piece(trail, layout=engine.layout, rotation=rotation) for trail in trails])
        looks.append([trail.album.look() for trail in trails])
    return number_people(pieces, looks=looks)


def _by_shot(path: Path, shots: Sequence[Shot]) -> Iterator[tuple[Shot, Iterator[Frames]]]:
    """The chunks of every shot, reading each unbroken stretch of the film once."""
    stretches: list[list[Shot]] = []
    for shot in shots:
        if stretches and stretches[-1][-1].end == shot.start:
            stretches[-1].append(shot)
        else:
            stretches.append([shot])
    for stretch in stretches:
        source = ahead(read_frames(path, start=stretch[0].start, end=stretch[-1].end, chunk=SEARCH_EVERY))
        rest: list[Frames] = []
        for shot in stretch:
            yield shot, _until(shot.end, source, rest)


def _until(end: int, source: Iterator[Frames], rest: list[Frames]) -> Iterator[Frames]:
    """Chunks up to frame ``end``; what a chunk holds beyond it waits in ``rest``."""
    while True:
        frames = rest.pop() if rest else next(source)
        size = end - frames.start
        if size < len(frames):
            rest.append(_part(frames, size, len(frames)))
            frames = _part(frames, 0, size)
        yield frames
        if frames.start + len(frames) >= end:
            return


def _part(frames: Frames, start: int, end: int) -> Frames:
    planes = tuple(plane[start:end] for plane in frames.planes)
    return Frames(planes, frames.pixel_format, frames.start + start, frames.pts[start:end], frames.color)


def _piece(trail: Trail, *, layout: FaceLayout, rotation: int) -> FaceTrack:
    """A track from what was found, with the nearest found frame's landmarks where the face was lost."""
    found = np.array(sorted(trail.faces))
    wanted = np.arange(found[0], found[-1] + 1)
    visible = np.isin(wanted, found)
    after = np.clip(np.searchsorted(found, wanted), 0, len(found) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(wanted - found[before] <= abs(found[after] - wanted), found[before], found[after])
    nearest[visible] = found
    raw = np.stack([trail.faces[frame].landmarks_px for frame in found]).astype(np.float32)
    places = np.searchsorted(found, nearest)
    landmarks = raw[places]  # not smoothed: that takes lips farther from where they are than jitter does
    score = np.array([trail.faces[frame].score for frame in nearest], np.float32) * visible
    pose = head_pose(landmarks, layout)
    pose[:, 2] = (pose[:, 2] + rotation + 180) % 360 - 180
    cover = covering([trail.cells[frame] for frame in found])[places]
    return FaceTrack(0, int(found[0]), layout, landmarks, visible, score.astype(np.float32), pose, cover)
