"""A person's own mouth put back: the end of a clip is rendered from its beginning and held against the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack
from avsynth.core.media import MediaInfo
from avsynth.core.progress import Progress, silent
from avsynth.face.base import LANDMARKERS, Landmarker
from avsynth.face.gates import judge
from avsynth.face.track import track as follow_faces
from avsynth.lipsync.base import RENDERERS, Footage, Renderer
from avsynth.lipsync.canonical import invert
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.warp import Box
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_frames
from avsynth.media.shots import detect_shots
from avsynth.metrics.fidelity import BOX, SMALLEST_BOX, Drawing, MouthFidelity, Tail, lips_of, measure
from avsynth.metrics.motions import ORACLE, SOUND, STATIC, TRUTH, WORDS, Motions
from avsynth.metrics.picture import Picture

__all__ = [
    "ORACLE",
    "SOUND",
    "STATIC",
    "TRUTH",
    "WORDS",
    "Case",
    "Person",
    "ReenactmentScores",
    "find_person",
    "reenact_self",
]

_CHUNK = 8


@dataclass(frozen=True)
class Case:
    """What is measured of a clip, and under which conditions.

    Attributes:
        methods: Which ways of moving the mouth, of those the clip allows; empty: all of them.
        bank_seconds: Mouths are taken, and the person is learnt, only from the last so many seconds before the split;
            0 is its middle frame alone, a photo. None is all of it.
        transcript: What is said in the clip; with it ``"words"`` is measured, and the closure of /p b m/.
        language: BCP 47 tag of the transcript.
        pictures: How many frames are kept as pictures for the eye.
    """

    methods: tuple[str, ...] = ()
    bank_seconds: Fraction | None = None
    transcript: str | None = None
    language: str = "en"
    pictures: int = 0


@dataclass(frozen=True)
class Person:
    """Whom a clip shows longest.

    Attributes:
        film: The clip.
        info: What ``probe`` found.
        pieces: Their face.
    """

    film: Path
    info: MediaInfo
    pieces: tuple[FaceTrack, ...]


@dataclass(frozen=True)
class ReenactmentScores:
    """What was measured of one clip.

    Attributes:
        film: The clip.
        bank_frames: Usable frames that mouths were taken from; all lie before ``split_frame``.
        split_frame: First frame that the renderer was not shown.
        methods: One a way of moving the mouth: ``"truth"`` (the unchanged picture, what a perfect one would score),
            ``"oracle"``, ``"static"``, where there is sound ``"sound"``, and where its words are known ``"words"``.
        yaw: Least and greatest yaw of the measured frames, degrees; beyond 20 to a side it is a 3/4 view.
        note: What the sound's motion was made from, in words.
        pictures: By method, the lower face in ``Case.pictures`` frames of the end, ``(h, h, 3)`` RGB each, by frame.
    """

    film: Path
    bank_frames: int
    split_frame: int
    methods: tuple[MouthFidelity, ...]
    yaw: tuple[float, float]
    note: str = ""
    pictures: Mapping[str, Mapping[int, Picture]] = field(default_factory=dict)

    def __getitem__(self, method: str) -> MouthFidelity:
        for scores in self.methods:
            if scores.method == method:
                return scores
        raise KeyError(f"{method!r} was not measured; there are {', '.join(s.method for s in self.methods)}")


def find_person(film: Path, *, landmarker: str | Landmarker = "facemesh", progress: Progress = silent) -> Person:
    """Follow the face of whom a clip shows longest: done once, it serves every case.

    Raises:
        InputError: The rate varies, or no face is shown.
        MediaError: The film cannot be read.
        ModelError: The engine's weights cannot be obtained.
    """
    info = probe(film)
    if require_video(info).is_vfr:
        raise InputError(f"{film.name} has a varying frame rate; convert it to a constant one")
    pieces = follow_faces(film, shots=detect_shots(film), landmarker=landmarker, progress=progress)
    if not pieces:
        raise InputError(f"{film.name} shows no face; give a clip of one person talking")
    seen: dict[int, int] = {}
    for piece in pieces:
        seen[piece.id] = seen.get(piece.id, 0) + int(piece.visible.sum())
    longest = max(seen, key=lambda number: seen[number])
    return Person(film, info, tuple(piece for piece in pieces if piece.id == longest))


def reenact_self(
    film: Path | Person,
    *,
    split: Fraction = Fraction(7, 10),
    landmarker: str | Landmarker = "facemesh",
    renderer: str = "footage",
    case: Case | None = None,
    progress: Progress = silent,
) -> ReenactmentScores:
    """Render the end of a clip from its beginning, and measure how near it comes to what was filmed.

    The mouth is moved in several ways (``metrics.motions``). Nothing after the split is shown to the renderer but the
    frame it draws into, and nothing after it is learnt from but the sound that is to be followed.

    Args:
        film: One person talking, at a constant rate, or what ``find_person`` found in it.
        split: Share of the frames that mouths are taken from.
        landmarker: Name of an engine, or an engine.
        renderer: Name of a renderer.
        case: What is measured; ``Case()`` if None.
        progress: Told what is done.

    Raises:
        InputError: ``split`` is not inside (0, 1), the rate varies, a part shows no usable face, or a method is
            unknown.
        MediaError: The film cannot be read.
        ModelError: The engine's weights cannot be obtained.
    """
    if not 0 < split < 1:
        raise InputError(f"split must lie between 0 and 1, got {split}")
    case = case or Case()
    engine: Landmarker = LANDMARKERS.get(landmarker)() if isinstance(landmarker, str) else landmarker
    person = film if isinstance(film, Person) else find_person(film, landmarker=engine, progress=progress)
    video = require_video(person.info)
    border = int(split * video.frame_count)
    footage = _footage(person, border, case.bank_seconds)
    bank_frames = sum(int(item.usable.sum()) for item in footage)
    size = (video.height, video.width)
    after = [(p, judge(p, frame_size=size).usable) for p in _cut(person.pieces, border, video.frame_count)]
    if not bank_frames or not any(usable.any() for _, usable in after):
        name = person.film.name
        raise InputError(f"{name} does not show a usable face before and after frame {border}; give another clip")
    mouth = PersonMouth.learn([(item.track, item.usable) for item in footage])
    motions = Motions(person.info, mouth=mouth, footage=footage, transcript=case.transcript, language=case.language)
    painter: Renderer = RENDERERS.get(renderer)()
    painter.prepare(footage, progress=progress)
    kept = _spread(after, case.pictures)
    tails = [_tail(person.film, track, usable, mouth, engine, kept) for track, usable in after]
    methods, pictures = [], {}
    for method in motions.chosen(case.methods):
        progress(f"measuring ({method})", 0, 0)
        drawing = None
        if method != TRUTH:
            moves = [motions.move(method, tail.track) for tail in tails]
            drawing = Drawing(painter, moves, motions.sound, video.frame_rate)
        tally = measure(tails, engine=engine, drawing=drawing)
        methods.append(tally.scores(method, known=motions.known))
        pictures[method] = tally.kept
    yaw = np.concatenate([track.pose[usable, 0] for track, usable in after])
    turned = (float(yaw.min()), float(yaw.max()))
    return ReenactmentScores(person.film, bank_frames, border, tuple(methods), turned, motions.note, pictures)


def _cut(pieces: Sequence[FaceTrack], start: int, end: int) -> Iterator[FaceTrack]:
    for piece in pieces:
        if piece.start < end and piece.end > start:
            yield piece.cut(max(piece.start, start), min(piece.end, end))


def _footage(person: Person, border: int, bank_seconds: Fraction | None) -> list[Footage]:
    """What lies before the split, or the part of it that the case allows."""
    video = require_video(person.info)
    size = (video.height, video.width)
    first = 0 if bank_seconds is None else max(border - max(round(bank_seconds * video.frame_rate), 1), 0)
    parts = [(part, judge(part, frame_size=size).usable) for part in _cut(person.pieces, 0, border)]
    if bank_seconds == 0:
        seen = np.concatenate([part.start + np.flatnonzero(usable) for part, usable in parts]) if parts else ()
        if not len(seen):
            return []
        first, border = int(seen[len(seen) // 2]), int(seen[len(seen) // 2]) + 1
    kept = []
    for part, usable in parts:
        if part.start < border and part.end > first:
            cut = part.cut(max(part.start, first), min(part.end, border))
            kept.append(Footage(person.film, cut, usable[cut.start - part.start : cut.end - part.start]))
    return kept


def _spread(after: Sequence[tuple[FaceTrack, NDArray[np.bool_]]], count: int) -> frozenset[int]:
    """So many usable frames, evenly spread."""
    frames = np.concatenate([track.start + np.flatnonzero(usable) for track, usable in after])
    chosen = frames[np.linspace(0, len(frames) - 1, count).astype(int)]
    return frozenset(chosen.tolist())


def _tail(
    film: Path,
    track: FaceTrack,
    usable: NDArray[np.bool_],
    mouth: PersonMouth,
    engine: Landmarker,
    kept: frozenset[int],
) -> Tail:
    """Find the mouth boxes, and the landmarks as the engine sees them frame by frame, of the true pictures."""
    middle = invert(mouth.place(track).to_canonical)[:, :, 2]
    scale = float(np.median(track.scale_px[usable] if usable.any() else track.scale_px))
    width, height = (max(SMALLEST_BOX, round(share * scale)) for share in BOX)
    boxes = tuple(Box(round(x - width / 2), round(y - height / 2), width, height) for x, y in middle.tolist())
    seen = np.zeros(track.landmarks_px.shape, np.float32)
    for frames in read_frames(film, start=track.start, end=track.end, chunk=_CHUNK):
        for index in range(len(frames)):
            row = frames.start + index - track.start
            if usable[row]:
                seen[row] = lips_of(engine, frames, index, about=track.landmarks_px[row])
    return Tail(film, track, usable, boxes, seen, kept)
