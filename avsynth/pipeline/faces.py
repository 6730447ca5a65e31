"""The stages that look: shots, face tracks, and which frames of a face can be changed well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceTrack, PassThrough
from avsynth.core.files import read_text, sha256, write_text
from avsynth.core.media import MediaInfo, Shot
from avsynth.core.progress import Progress
from avsynth.core.serial import from_json, to_json
from avsynth.face.gates import Judgement, judge
from avsynth.face.track import find_shots_and_track, track
from avsynth.media.probe import probe, require_video
from avsynth.media.read_sound import extract_sound
from avsynth.pipeline.artefacts import load_track, save_track
from avsynth.pipeline.cache import Cache, Stage


@dataclass(frozen=True)
class _Shots:
    shots: tuple[Shot, ...]


@dataclass(frozen=True)
class Watched:
    """A film that was looked through.

    Attributes:
        path: The film.
        digest: Its SHA-256.
        info: What ``probe`` found.
        shots: They tile the film.
        tracks: Artefact of each face track, by the track's number.
    """

    path: Path
    digest: str
    info: MediaInfo
    shots: tuple[Shot, ...]
    tracks: dict[int, tuple[Path, ...]]

    def load(self, number: int) -> tuple[FaceTrack, ...]:
        """The pieces of one track, in order."""
        return tuple(load_track(path) for path in self.tracks[number])


def watch(path: Path, *, landmarker: str, cache: Cache, progress: Progress) -> Watched:
    """Find the shots and follow every face of a film.

    Raises:
        MediaError: The film cannot be used.
    """
    info = probe(path)
    require_video(info)
    digest = sha256(path)
    looked: list[tuple[tuple[Shot, ...], tuple[FaceTrack, ...]]] = []

    def find_shots(target: Path) -> None:
        looked.append(find_shots_and_track(path, landmarker=landmarker, progress=progress))
        write_text(target, to_json(_Shots(looked[0][0])))

    progress("tracking faces", 0, 0)
    found = cache.produce(Stage("shots", {"film": digest}, ".json", find_shots))
    shots = from_json(read_text(found), _Shots, source=str(found)).shots

    def follow(folder: Path) -> None:
        faces = looked[0][1] if looked else track(path, shots=shots, landmarker=landmarker, progress=progress)
        for index, face in enumerate(faces):
            save_track(folder / f"{face.id:04d}-{index:04d}.npz", face)

    stage = Stage("track", {"film": digest, "landmarker": landmarker, "shots": list(shots)}, "", follow)
    pieces: dict[int, tuple[Path, ...]] = {}
    for piece in sorted(cache.produce(stage).glob("*.npz")):
        number = int(piece.name.partition("-")[0])
        pieces[number] = (*pieces.get(number, ()), piece)
    return Watched(path, digest, info, shots, pieces)


def film_sound(film: Watched, *, cache: Cache) -> Path:
    """The film's sound as a file in which any part is found at once."""
    return cache.produce(Stage("sound", {"film": film.digest}, ".wav", lambda target: extract_sound(film.path, target)))


def usable(face: FaceTrack, *, info: MediaInfo, bank: NDArray[np.float32] | None = None) -> Judgement:
    """Which frames of a face can be changed well.

    Args:
        face: The track.
        info: Its film.
        bank: ``(N, 3)`` poses of the mouths it is rendered from; ``None`` while they are being gathered.
    """
    video = require_video(info)
    return judge(face, frame_size=(video.height, video.width), bank_pose=bank)


def left_alone(wanted: Sequence[range], judgements: Sequence[tuple[FaceTrack, Judgement]]) -> tuple[PassThrough, ...]:
    """The frames in which a change was wanted and none was made, and why.

    Args:
        wanted: Frames in which the speaker's face should have been changed.
        judgements: The pieces of that speaker's face track and what was judged of them.
    """
    first = min((frames.start for frames in wanted), default=0)
    last = max((frames.stop for frames in wanted), default=0)
    reasons = np.full(max(last - first, 0), "", dtype=object)
    for frames in wanted:
        reasons[frames.start - first : frames.stop - first] = "no face found"
    asked = reasons != ""
    for face, judgement in judgements:
        begin, end = max(face.start, first), min(face.end, last)
        if begin < end:
            reasons[begin - first : end - first] = ""
        for item in judgement.passed_through:
            begin, end = max(item.start, first), min(item.end, last)
            if begin < end:
                reasons[begin - first : end - first] = item.reason
    reasons[~asked] = ""
    return tuple(_runs_of(reasons, first))


def _runs_of(reasons: np.ndarray, offset: int) -> list[PassThrough]:
    found: list[PassThrough] = []
    for index, reason in enumerate(reasons):
        frame = offset + index
        if not reason:
            continue
        if found and found[-1].end == frame and found[-1].reason == reason:
            found[-1] = PassThrough(found[-1].start, frame + 1, reason)
        else:
            found.append(PassThrough(frame, frame + 1, reason))
    return found
