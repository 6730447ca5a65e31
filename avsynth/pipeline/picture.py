"""The stage that shows: mouths rendered and composited, segment by segment, into encoded picture."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FacePatch
from avsynth.core.media import Frames, MediaInfo, Shot
from avsynth.core.progress import Progress
from avsynth.lipsync.base import RENDERERS, Footage, Renderer, SoundDriven
from avsynth.lipsync.composite import composite
from avsynth.media.ahead import ahead
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_frames
from avsynth.media.write import FilmWriter
from avsynth.pipeline.artefacts import load_motion, load_track
from avsynth.pipeline.cache import Cache, Stage
from avsynth.pipeline.executors import executor
from avsynth.pipeline.faces import usable
from avsynth.pipeline.heard import VoicePiece, driving_sound, identity, listens

SEGMENT_FRAMES = 240
CHUNK_FRAMES = 8


@dataclass(frozen=True)
class FootageJob:
    """A clip to take mouths from, and one piece of the person's track in it."""

    film: Path
    film_digest: str
    track: Path


@dataclass(frozen=True)
class FaceJob:
    """One piece of a face track to change: the artefacts of its track and its planned motion, footage, and voice.

    The voice is empty for renderers that do not draw from sound.
    """

    track: Path
    motion: Path
    footage: tuple[FootageJob, ...]
    voice: tuple[VoicePiece, ...] = ()


@dataclass(frozen=True)
class SegmentJob:
    """Frames ``[start, end)`` of a film, with the faces to change in them: names of files only, so it can travel."""

    film: Path
    film_digest: str
    start: int
    end: int
    faces: tuple[FaceJob, ...]
    renderer: str
    cache: Path

    def stage(self) -> Stage:
        """The stage that makes this segment. What happens in other segments does not change it."""
        inputs = {
            "film": self.film_digest,
            "frames": [self.start, self.end],
            "faces": [self._identity(face) for face in self.faces],
            "renderer": self.renderer,
        }
        return Stage("picture", inputs, ".mp4", partial(write_segment, self))

    def _identity(self, face: FaceJob) -> list[str]:
        track, planned = load_track(face.track), load_motion(face.motion)
        first, last = max(self.start - track.start, 0), self.end - track.start
        digest = hashlib.sha256(planned.motion.basis.encode())
        for array in (planned.motion.coefficients, planned.strength, track.landmarks_px):
            digest.update(np.ascontiguousarray(array[first:last]).tobytes())
        if listens(self.renderer):
            frames = range(max(self.start, track.start), min(self.end, track.end))
            digest.update(identity(driving_sound(face.voice, film=self.film, frames=frames)).encode())
        footage = [f"{item.film_digest}/{item.track.parent.name}/{item.track.name}" for item in face.footage]
        return [digest.hexdigest(), *footage]


def segments(shots: Sequence[Shot], *, restless: NDArray[np.float32] | None = None) -> Iterator[tuple[int, int]]:
    """Cut the film into segments of at most ``SEGMENT_FRAMES`` frames that respect the cuts.

    Inside a shot the border falls where the mouths are quietest, since mouths are chosen segment by segment.

    Args:
        shots: They tile the film.
        restless: ``(T,)``: how much the rendered mouths do in each frame of the film.

    Example:
        >>> list(segments([Shot(0, 100), Shot(100, 400)]))
        [(0, 100), (100, 340), (340, 400)]
        >>> quiet = np.ones(400, np.float32)
        >>> quiet[300] = 0
        >>> list(segments([Shot(100, 400)], restless=quiet))
        [(100, 300), (300, 400)]
    """
    for shot in shots:
        start = shot.start
        while start < shot.end:
            end = min(start + SEGMENT_FRAMES, shot.end)
            if end < shot.end and restless is not None:
                search = restless[end - SEGMENT_FRAMES // 3 : end + 1]
                end -= int(np.argmin(search[::-1]))
            yield start, end
            start = end


@dataclass(frozen=True)
class PictureJob:
    """The whole picture of a film."""

    film: Path
    film_digest: str
    shots: tuple[Shot, ...]
    faces: tuple[FaceJob, ...]
    renderer: str


def make_picture(job: PictureJob, *, cache: Cache, run_by: str, progress: Progress) -> tuple[Path, ...]:
    """Render and encode what is not in the cache yet, and name the encoded segments in order.

    Args:
        job: What to make.
        cache: Where segments are kept, so that a killed run goes on with the next one.
        run_by: Name of the executor.
        progress: Told after each segment how many frames are done.
    """
    jobs = segment_jobs(job, cache=cache)
    total = jobs[-1].end
    progress("rendering", 0, total)
    made = []
    for segment, path in zip(jobs, executor(run_by).map(make_segment, jobs), strict=True):
        made.append(path)
        progress("rendering", segment.end, total)
    return tuple(made)


def segment_jobs(job: PictureJob, *, cache: Cache) -> list[SegmentJob]:
    """The segments of a film, in order."""
    ranges = {face: _frames_of(face) for face in job.faces}
    return [
        SegmentJob(
            job.film,
            job.film_digest,
            start,
            end,
            tuple(face for face, frames in ranges.items() if frames.start < end and start < frames.stop),
            job.renderer,
            cache.folder,
        )
        for start, end in segments(job.shots, restless=_restlessness(job))
    ]


def _frames_of(face: FaceJob) -> range:
    track = load_track(face.track)
    return range(track.start, track.end)


def _restlessness(job: PictureJob) -> NDArray[np.float32]:
    total = np.zeros(job.shots[-1].end + 1, np.float32)
    for face in job.faces:
        planned = load_motion(face.motion)
        busy = planned.strength * np.abs(planned.motion.coefficients).sum(axis=1)
        total[planned.motion.start : planned.motion.start + len(busy)] += busy
    return total


def make_segment(job: SegmentJob) -> Path:
    """Make one segment, or find it in the cache. Runs in whatever process the executor chose."""
    return Cache(job.cache).produce(job.stage())


def write_segment(job: SegmentJob, target: Path) -> None:
    """Read, render, composite and encode the frames of one segment, a few at a time."""
    video = require_video(probe(job.film))
    with FilmWriter(target, like=video) as writer:
        for frames, patches in rendered(job):
            writer.write(composite(frames, patches) if patches else frames)


def rendered(job: SegmentJob) -> Iterator[tuple[Frames, list[FacePatch]]]:
    """The pictures of a segment, a few at a time, with the patches that go into them, in the order they go in."""
    faces = [_OpenFace(job, face) for face in job.faces]
    for frames in ahead(read_frames(job.film, start=job.start, end=job.end, chunk=CHUNK_FRAMES)):
        yield frames, [patch for face in faces for patch in face.render(frames)]


class _OpenFace:
    """A face job with its artefacts loaded, cut to the segment, and its renderer prepared.

    Mouths are chosen over what the renderer is shown, so it is shown this segment alone: what happens in others cannot
    change it, and the cache may keep it.
    """

    def __init__(self, job: SegmentJob, face: FaceJob) -> None:
        whole, planned = load_track(face.track), load_motion(face.motion)
        first, last = max(job.start, whole.start), min(job.end, whole.end)
        part = slice(first - whole.start, last - whole.start)
        self.track = whole.cut(first, last)
        self.motion = replace(planned.motion, coefficients=planned.motion.coefficients[part], start=first)
        self.strength = planned.strength[part]
        self.renderer = prepared(job.renderer, face.footage) if self.strength.any() else None
        self.sound = None
        if self.renderer is not None and listens(job.renderer):
            self.sound = driving_sound(face.voice, film=job.film, frames=range(first, last))

    def render(self, frames: Frames) -> Sequence[FacePatch]:
        first = max(frames.start, self.track.start)
        last = min(frames.start + len(frames), self.track.end)
        part = slice(first - self.track.start, last - self.track.start)
        if self.renderer is None or first >= last or not self.strength[part].any():
            return ()
        if self.sound is not None:
            cast(SoundDriven, self.renderer).hear(self.sound)  # each time: faces of the same footage share a renderer
        return self.renderer.render(frames, track=self.track, motion=self.motion, strength=self.strength)


@lru_cache(maxsize=4)
def prepared(name: str, footage: tuple[FootageJob, ...]) -> Renderer:
    """A renderer with its bank of mouths, made once a process and face."""
    engine: Any = RENDERERS.get(name)()
    engine.prepare([_footage(job) for job in footage])
    renderer: Renderer = engine
    return renderer


def remarks(job: PictureJob) -> tuple[str, ...]:
    """What the renderer of each face says of itself: engines that can, have ``notes``."""
    if not hasattr(RENDERERS.get(job.renderer), "notes"):
        return ()
    engines = dict.fromkeys(face.footage for face in job.faces)
    return tuple(note for footage in engines for note in getattr(prepared(job.renderer, footage), "notes", ()))


def _footage(job: FootageJob) -> Footage:
    track = load_track(job.track)
    info: MediaInfo = probe(job.film)
    return Footage(job.film, track, usable(track, info=info).usable)
