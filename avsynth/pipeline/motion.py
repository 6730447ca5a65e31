"""The stage that animates: a speaker's timeline becomes the motion of every piece of their face track."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from avsynth.core.face import FaceTrack, MouthMotion
from avsynth.core.files import sha256
from avsynth.core.serial import to_plain
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeTimeline
from avsynth.lipsync.animate import animate
from avsynth.lipsync.listen import listen
from avsynth.media.probe import require_video
from avsynth.media.read import read_audio
from avsynth.pipeline.artefacts import PlannedMotion, load_track, save_motion
from avsynth.pipeline.cache import Cache, Stage
from avsynth.pipeline.faces import Watched, usable
from avsynth.pipeline.picture import FaceJob, FootageJob
from avsynth.pipeline.regions import strength


@dataclass(frozen=True)
class Says:
    """What a face is to say: a phoneme timeline in film time or, where the words are not known, the sound itself."""

    timeline: PhonemeTimeline | None = None
    sound: Path | None = None

    def identity(self) -> dict[str, Any]:
        """Plain values that decide the motion."""
        return {"timeline": to_plain(self.timeline), "sound": sha256(self.sound) if self.sound else None}


@dataclass(frozen=True)
class MotionJob:
    """What one face is to say, and in which stretches of the film it may be changed."""

    film: Watched
    track: Path
    says: Says
    wanted: tuple[Span, ...]


def make_motion(job: MotionJob, *, cache: Cache) -> Path:
    """Animate one piece of a track, and say how strongly each of its frames is to be replaced."""
    inputs = {
        "film": job.film.digest,
        "track": [job.track.parent.name, job.track.name],
        "says": job.says.identity(),
        "wanted": to_plain(list(job.wanted)),
    }
    return cache.produce(Stage("motion", inputs, ".npz", lambda target: _write(job, target)))


def _write(job: MotionJob, target: Path) -> None:
    face = load_track(job.track)
    video = require_video(job.film.info)
    level = strength(
        usable(face, info=job.film.info).usable,
        start=face.start,
        wanted=job.wanted,
        shots=job.film.shots,
        frame_rate=video.frame_rate,
    )
    save_motion(target, PlannedMotion(motion_of(face, says=job.says, frame_rate=video.frame_rate), level))


def motion_of(face: FaceTrack, *, says: Says, frame_rate: Fraction) -> MouthMotion:
    """The motion of a face in its own frames.

    Raises:
        ValueError: Neither timeline nor sound is given.
    """
    if says.timeline is not None:
        return animate(says.timeline, frame_rate=frame_rate, frame_count=len(face), start=face.start)
    if says.sound is None:
        raise ValueError("a face needs a timeline or a sound to say")
    return listen(read_audio(says.sound), frame_rate=frame_rate, frame_count=len(face), start=face.start)


@dataclass(frozen=True)
class AnimatedFace:
    """A face that is changed: what it says, where that was wanted, and the jobs that will show it."""

    number: int
    says: Says
    wanted: tuple[Span, ...]
    pieces: tuple[FaceJob, ...]


def animate_face(
    film: Watched,
    *,
    number: int,
    says: Says,
    wanted: tuple[Span, ...],
    footage: tuple[FootageJob, ...],
    cache: Cache,
) -> AnimatedFace:
    """Plan the motion of every piece of a face track.

    Args:
        film: The film that was looked through.
        number: The face track.
        says: What is heard, in film time.
        wanted: Stretches in which the face may be changed.
        footage: Where mouths are taken from.
        cache: Where the motion is kept.
    """
    pieces = tuple(
        FaceJob(piece, make_motion(MotionJob(film, piece, says, wanted), cache=cache), footage)
        for piece in film.tracks[number]
    )
    return AnimatedFace(number, says, wanted, pieces)
