"""The stage that animates: a speaker's timeline becomes the motion of every piece of their face track."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from avsynth.core.face import FaceTrack, MouthMotion
from avsynth.core.files import sha256
from avsynth.core.media import Shot, VideoStream
from avsynth.core.serial import to_plain
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeTimeline
from avsynth.lipsync.animate import animate
from avsynth.lipsync.listen import listen
from avsynth.lipsync.perform import retarget
from avsynth.lipsync.residual import Habits
from avsynth.media.probe import require_video
from avsynth.media.read import read_audio
from avsynth.pipeline.artefacts import PlannedMotion, load_performance, load_track, save_motion
from avsynth.pipeline.cache import Cache, Stage
from avsynth.pipeline.clock import frame_clock
from avsynth.pipeline.faces import Watched, usable
from avsynth.pipeline.footage import bank_pose
from avsynth.pipeline.habits import load_habits, make_habits, weights
from avsynth.pipeline.heard import VoicePiece
from avsynth.pipeline.picture import FaceJob, FootageJob
from avsynth.pipeline.regions import fade_frames, strength

FINE_RATE = Fraction(200)  # for films of varying rate: half a step is 2.5 ms


@dataclass(frozen=True)
class Says:
    """What a face is to say: a phoneme timeline in film time, the sound itself, both, or another face's performance.

    ``performance`` names what ``artefacts.save_performance`` wrote. ``voice``, from ``pipeline.heard``, is for
    renderers that draw from sound, and does not decide the motion.
    """

    timeline: PhonemeTimeline | None = None
    sound: Path | None = None
    performance: Path | None = None
    voice: tuple[VoicePiece, ...] = ()

    def identity(self) -> dict[str, Any]:
        """Plain values that decide the motion."""
        heard = {"timeline": to_plain(self.timeline), "sound": sha256(self.sound) if self.sound else None}
        return heard | ({"performance": sha256(self.performance)} if self.performance else {})


@dataclass(frozen=True)
class MotionJob:
    """What one face is to say, in which stretches of the film it may be changed, and from what."""

    film: Watched
    track: Path
    says: Says
    wanted: tuple[Span, ...]
    footage: tuple[FootageJob, ...]
    habits: Path | None = None


def make_motion(job: MotionJob, *, cache: Cache) -> Path:
    """Animate one piece of a track, and say how strongly each of its frames is to be replaced."""
    inputs = {
        "film": job.film.digest,
        "track": [job.track.parent.name, job.track.name],
        "says": job.says.identity(),
        "wanted": to_plain(list(job.wanted)),
        "footage": [[item.film_digest, item.track.parent.name, item.track.name] for item in job.footage],
        "weights": weights(),
    }
    return cache.produce(Stage("motion", inputs, ".npz", lambda target: _write(job, target)))


def _write(job: MotionJob, target: Path) -> None:
    face = load_track(job.track)
    video = require_video(job.film.info)
    clock = frame_clock(job.film.path, video=video)
    level = strength(
        usable(face, info=job.film.info, bank=bank_pose(job.footage)).usable,
        times=clock[face.start : face.end],
        wanted=job.wanted,
        shots=[Shot(s.start - face.start, s.end - face.start) for s in _inside(job.film.shots, face)],
        fade=fade_frames(video.frame_rate),
    )
    habits = load_habits(job.habits) if job.habits is not None else None
    motion = motion_of(face, says=job.says, video=video, clock=clock, habits=habits)
    save_motion(target, PlannedMotion(motion, level))


def _inside(shots: Sequence[Shot], face: FaceTrack) -> Iterator[Shot]:
    for shot in shots:
        first, last = max(shot.start, face.start), min(shot.end, face.end)
        if first < last:
            yield Shot(first, last)


def motion_of(
    face: FaceTrack, *, says: Says, video: VideoStream, clock: Sequence[Fraction], habits: Habits | None = None
) -> MouthMotion:
    """The motion of a face in its own frames.

    At a varying rate the motion is made on a fine even grid, and each frame takes what its own time has.

    Args:
        face: The track.
        says: What is said.
        video: The film's picture.
        clock: When each picture of the film is shown.
        habits: How this person's mouth follows their voice, for what is only heard.

    Raises:
        ValueError: Neither timeline nor sound is given.
    """
    if says.performance is not None:
        times = clock[face.start : face.end]
        return retarget(load_performance(says.performance), times=times, frame_rate=video.frame_rate, start=face.start)
    if not video.is_vfr:
        return _move(says, habits, frame_rate=video.frame_rate, frame_count=len(face), start=face.start)
    fine = _move(says, habits, frame_rate=FINE_RATE, frame_count=int(clock[-1] * FINE_RATE) + 2, start=0)
    rows = [round(clock[index] * FINE_RATE) for index in range(face.start, face.end)]
    return MouthMotion(fine.basis, fine.coefficients[rows], video.frame_rate, face.start)


def _move(says: Says, habits: Habits | None, *, frame_rate: Fraction, frame_count: int, start: int) -> MouthMotion:
    heard = None
    if says.sound is not None:
        sound = read_audio(says.sound, sample_rate=16_000)
        heard = listen(sound, frame_rate=frame_rate, frame_count=frame_count, start=start, habits=habits)
    if says.timeline is not None:
        return animate(says.timeline, frame_rate=frame_rate, frame_count=frame_count, start=start, heard=heard)
    if heard is None:
        raise ValueError("a face needs a timeline or a sound to say")
    return heard


@dataclass(frozen=True)
class AnimatedFace:
    """A face that is changed: what it says, where that was wanted, the jobs that will show it, and notes on them."""

    number: int
    says: Says
    wanted: tuple[Span, ...]
    pieces: tuple[FaceJob, ...]
    notes: tuple[str, ...] = ()


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
    heard = says.sound is not None and says.performance is None
    habits = make_habits(footage, cache=cache) if heard else None
    job = partial(MotionJob, film, says=says, wanted=wanted, footage=footage, habits=habits)
    pieces = tuple(
        FaceJob(piece, make_motion(job(piece), cache=cache), footage, says.voice) for piece in film.tracks[number]
    )
    notes = (load_habits(habits).note,) if habits is not None else ()
    return AnimatedFace(number, says, wanted, pieces, notes)
