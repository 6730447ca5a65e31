"""The quality report of a finished job: the film measured against what was promised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avsynth.core.errors import OutputError
from avsynth.core.face import FaceTrack, PassThrough
from avsynth.core.report import Check, QCReport
from avsynth.face.track import track
from avsynth.media.probe import probe, require_video
from avsynth.media.scan import is_interlaced
from avsynth.pipeline.artefacts import load_motion, load_track
from avsynth.pipeline.faces import Watched, left_alone, usable
from avsynth.pipeline.footage import bank_pose, supply
from avsynth.pipeline.lines import FILM_SAMPLE_RATE, SpokenLine
from avsynth.pipeline.measures import SeenMouth, at_rest, closes, hear, in_sync, picture_kept
from avsynth.pipeline.motion import AnimatedFace
from avsynth.pipeline.options import Options
from avsynth.pipeline.result import write_report
from avsynth.pipeline.review import write_reel, write_strips
from avsynth.pipeline.voice_measures import of_lines
from avsynth.provenance.manifest import Claim
from avsynth.provenance.release import Released
from avsynth.provenance.watermark import FOUND

STRETCH = (0.7, 1.4)  # of the natural length: beyond, speech sounds hurried or drawn out
STRIP_FRAMES = 10


@dataclass(frozen=True)
class Evidence:
    """What a finished film is measured with; ``voices`` are the profiles of those who speak its lines."""

    film: Watched
    claim: Claim
    released: Released
    lines: tuple[SpokenLine, ...]
    faces: tuple[AnimatedFace, ...]
    notes: tuple[str, ...] = ()
    voices: Mapping[str, Path] = field(default_factory=dict)


def measure(evidence: Evidence, *, options: Options, landmarker: str) -> QCReport:
    """Measure a finished film and, where a report folder is given, write ``qc.json``, strips and a review reel there.

    Args:
        evidence: The film before and after, and what was made of it.
        options: ``report`` names the folder; with it the finished picture is looked at as well.
        landmarker: Engine that looks at the mouths.
    """
    output = probe(evidence.released.path)
    checks = [
        *picture_kept(require_video(evidence.film.info), require_video(output)),
        *_lines(evidence.lines),
        *_marks(evidence.released),
    ]
    passed = tuple(item for face in evidence.faces for item in _passed_through(evidence.film, face))
    notes = [*evidence.notes, *evidence.released.notes, *_circumstances(evidence)]
    if not evidence.faces:
        notes.append("no face was changed: none was found, or none was assigned to a speaker")
    if options.report is None:
        return QCReport(evidence.released.path, tuple(checks), passed, tuple(notes))
    make_folder(options.report)
    checks += of_lines(evidence.lines, evidence.voices, notes=notes)
    if evidence.faces:
        checks += _look(evidence, options=options, landmarker=landmarker)
    report = QCReport(evidence.released.path, tuple(checks), passed, tuple(notes))
    write_report(report, folder=options.report)
    reel = options.report / "before-after.mp4"
    write_reel(reel, before=evidence.film.path, after=evidence.released.path, claim=evidence.claim)
    return report


def _circumstances(evidence: Evidence) -> Iterator[str]:
    """What the film and the footage were like, and what was done about it."""
    for face in evidence.faces:
        for note in supply(face.pieces[0].footage).notes if face.pieces else ():
            yield f"face {face.number}: {note}"
        for note in face.notes:
            yield f"face {face.number}: {note}"
    if is_interlaced(evidence.film.path):
        yield (
            "the film is interlaced: mouths are put into whole pictures, both fields at once, and the result is stored "
            "as progressive; deinterlace the film first where lips move fast"
        )


def make_folder(folder: Path) -> None:
    """Make the folder of a report.

    Raises:
        OutputError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the report folder {folder}: {error.strerror}") from None


def _lines(lines: tuple[SpokenLine, ...]) -> Iterator[Check]:
    for item in lines:
        speech = item.speech()
        wanted = len(item.line.span.samples(FILM_SAMPLE_RATE))
        off = abs(round(speech.waveform.duration * FILM_SAMPLE_RATE) - wanted)
        where = f"line {item.line.id}"
        yield Check("samples_off", off, "= 0", off == 0, "samples", where)
        low, high = STRETCH
        yield Check("stretch", speech.stretch, f"{low} to {high}", low <= speech.stretch <= high, "", where)


def _marks(released: Released) -> Iterator[Check]:
    score = released.speech_score
    yield Check("watermark_in_speech", score, f">= {FOUND}", score >= FOUND)
    valid = released.manifest_valid
    yield Check("content_credentials_valid", float(valid), "= 1", valid, where=released.credential)


def _passed_through(film: Watched, face: AnimatedFace) -> tuple[PassThrough, ...]:
    video = require_video(film.info)
    wanted = []
    for span in face.wanted:
        frames = span.frames(video.frame_rate)
        wanted.append(range(max(frames.start, 0), min(frames.stop, video.frame_count)))
    judged = []
    for piece in face.pieces:
        before = load_track(piece.track)
        judged.append((before, usable(before, info=film.info, bank=bank_pose(piece.footage))))
    return left_alone(wanted, judged)


def _look(evidence: Evidence, *, options: Options, landmarker: str) -> Iterator[Check]:
    """Follow the faces again in the finished picture, and hold their mouths against what is heard."""
    film = evidence.released.path
    seen = track(film, shots=evidence.film.shots, landmarker=landmarker, progress=options.progress)
    sound = hear(film)
    for face in evidence.faces:
        mouth = _mouth(evidence, face, seen, options=options)
        if face.says.timeline is not None:
            yield from closes(mouth, face.says.timeline, judged=True)
        elif sound is not None:
            yield from at_rest(mouth, sound, judged=face.says.sound is not None)
        if sound is not None:
            yield from in_sync(mouth, sound, judged=False)  # the judge's bars were not measured on made voices


def _mouth(evidence: Evidence, face: AnimatedFace, seen: tuple[FaceTrack, ...], *, options: Options) -> SeenMouth:
    """One person's mouth where it was fully replaced, and a strip of it for the eye."""
    assert options.report is not None
    video = require_video(evidence.film.info)
    opening = np.zeros(video.frame_count, np.float32)
    measured = np.zeros(video.frame_count, bool)
    for index, piece in enumerate(face.pieces):
        before = load_track(piece.track)
        after = _same_face(before, seen)
        strength = load_motion(piece.motion).strength
        changed = np.flatnonzero(strength >= 1) + before.start
        if after is None or not len(changed):
            continue
        inside = changed[(changed >= after.start) & (changed < after.end)]
        opening[inside] = after.layout.mouth_opening(after.landmarks_px)[inside - after.start]
        measured[inside] = after.visible[inside - after.start]
        chosen = [int(i) for i in changed[np.linspace(0, len(changed) - 1, STRIP_FRAMES).astype(int)]]
        films = (evidence.film.path, evidence.released.path)
        write_strips(options.report / f"strip-{face.number}-{index}.png", films=films, face=before, frames=chosen)
    return SeenMouth(face.number, opening, measured, None if video.is_vfr else video.frame_rate)


def _same_face(before: FaceTrack, seen: tuple[FaceTrack, ...]) -> FaceTrack | None:
    """The track of the finished film that lies where the original one lay."""
    best: FaceTrack | None = None
    nearest = np.inf
    for after in seen:
        first, last = max(before.start, after.start), min(before.end, after.end)
        if first >= last:
            continue
        a = before.cut(first, last).landmarks_px[..., :2].mean(axis=1)
        b = after.cut(first, last).landmarks_px[..., :2].mean(axis=1)
        distance = float(np.median(np.linalg.norm(a - b, axis=1)))
        if distance < nearest:
            best, nearest = after, distance
    return best
