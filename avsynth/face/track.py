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
from avsynth.face.pieces import Piece, by_found_shots, by_shots
from avsynth.face.pose import head_pose
from avsynth.face.scout import Scout
from avsynth.media.ahead import ahead
from avsynth.media.probe import probe, require_video
from avsynth.media.shots import ShotFinder


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
    work = _Work(engine, require_video(probe(path)).rotation, progress, sum(map(len, shots)))
    seen = work.follow(by_shots(path, shots))
    return work.people([seen[shot] for shot in shots])


def find_shots_and_track(
    path: Path, *, landmarker: str | Landmarker = "facemesh", progress: Progress = silent
) -> tuple[tuple[Shot, ...], tuple[FaceTrack, ...]]:
    """Find the shots of a film and follow its faces, while it is read once.

    The result is that of ``media.shots.detect_shots`` and of ``track`` after it: shots that were not known well when
    they were looked through are looked through again.

    Args:
        path: The film.
        landmarker: Name of an engine, or an engine.
        progress: Told how many frames are done.

    Raises:
        MediaError: The film cannot be read.
        ModelError: The engine's weights cannot be obtained.
    """
    engine: Landmarker = LANDMARKERS.get(landmarker)() if isinstance(landmarker, str) else landmarker
    video = require_video(probe(path))
    finder = ShotFinder(video)
    work = _Work(engine, video.rotation, progress, video.frame_count)
    seen = work.follow(by_found_shots(path, finder))
    shots = finder.shots()
    mistaken = [shot for shot in shots if shot not in seen]
    work.total += sum(map(len, mistaken))
    seen |= work.follow(by_shots(path, mistaken))
    return shots, work.people([seen[shot] for shot in shots])


_Seen = tuple[list[FaceTrack], list[Look | None]]  # the faces of one shot


class _Work:
    """Follows faces shot by shot and counts the frames."""

    def __init__(self, engine: Landmarker, rotation: int, progress: Progress, total: int) -> None:
        self._engine, self._rotation, self._progress = engine, rotation, progress
        self.done, self.total = 0, total

    def follow(self, pieces: Iterator[Piece]) -> dict[Shot, _Seen]:
        """What is seen in each shot."""
        scout = Scout(self._engine, rotation=self._rotation)
        seen: dict[Shot, _Seen] = {}
        pictures: dict[int, tuple[Frames, int]] = {}
        follower = ShotFollower(scout, start=0)
        for piece in ahead(scout.look(pieces)):
            frames = piece.frames
            end = frames.start + len(frames)
            if frames.start == piece.start:
                follower, pictures = ShotFollower(scout, start=piece.start, rotation=self._rotation), {}
            pictures = {frame: place for frame, place in pictures.items() if frame >= frames.start - SEARCH_EVERY}
            pictures |= {frames.start + index: (frames, index) for index in range(len(frames))}
            for frame in range(frames.start, end):
                follower.see(frame, pictures, last=piece.last and frame == end - 1)
            self.done += len(frames)
            self._progress("tracking faces", self.done, self.total)
            if piece.last:
                trails = follower.found()
                faces = [_piece(trail, layout=self._engine.layout, rotation=self._rotation) for trail in trails]
                seen[Shot(piece.start, end)] = faces, [trail.album.look() for trail in trails]
        return seen

    @staticmethod
    def people(seen: Sequence[_Seen]) -> tuple[FaceTrack, ...]:
        """The faces of all shots, with one number a person."""
        return number_people([faces for faces, _ in seen], looks=[looks for _, looks in seen])


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
