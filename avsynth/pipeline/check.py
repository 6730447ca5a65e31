"""Measuring any finished film, made here or not: sync, rest, closure, voices, what was kept, and its marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack
from avsynth.core.files import read_text
from avsynth.core.media import MediaInfo
from avsynth.core.report import Check, QCReport
from avsynth.core.script import Script, Utterance
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.face.assign import speaking_tracks
from avsynth.media.probe import probe, require_audio, require_video
from avsynth.media.read import read_audio
from avsynth.pipeline.cache import Cache
from avsynth.pipeline.compare import against_original, sharpness
from avsynth.pipeline.faces import Watched, watch
from avsynth.pipeline.measures import TOLD, SeenMouth, at_rest, closes, hear, in_sync, picture_kept
from avsynth.pipeline.options import CheckOptions
from avsynth.pipeline.quality import STRIP_FRAMES, make_folder
from avsynth.pipeline.result import Timelines, write_report
from avsynth.pipeline.review import write_strips
from avsynth.pipeline.voice_measures import of_film, on_time
from avsynth.provenance.inspect import Inspection, inspect_file
from avsynth.provenance.watermark import FOUND
from avsynth.text.script import read_script
from avsynth.voice.align import align

LEAST_SECONDS = 1  # a face seen for less is not measured
_RATE = 16_000


def check(film: Path | str, *, options: CheckOptions | None = None) -> QCReport:
    """Measure a finished film.

    Every face is followed, and its mouth held against the sound. What no bar was measured for is told and not judged;
    a film that says of itself that its lips were changed is held to the bars of made lips.

    Args:
        film: The film, of anybody.
        options: The original, the words, other sound, and the folder of the report.

    Returns:
        The report; ``passed`` is False where a judged measurement missed its limit.

    Raises:
        MediaError: A film or the sound cannot be used.
        InputError: The words cannot be used.
        OutputError: The report cannot be written.
    """
    options, film = options or CheckOptions(), Path(film)
    info = probe(film)
    require_video(info)
    if options.audio is not None:
        require_audio(probe(options.audio))
    original = probe(options.original) if options.original is not None else None
    script, said = _script(info, options), _said(info, options)
    cache = Cache(options.work)
    cache.prune()
    seen = watch(film, landmarker=options.all_engines["landmarker"], cache=cache, progress=options.progress)
    marks = inspect_file(film)
    notes: list[str] = []
    checks = list(_marks(marks))
    if original is not None:
        checks += picture_kept(require_video(original), require_video(info))
    checks += _mouths(seen, marks, script=script, options=options, notes=notes)
    if options.voices:
        voices, sound = options.voices, options.audio or film
        checks += of_film(sound, film=film, script=script, voices=voices, notes=notes)
    checks += on_time(options.audio or film, said=said, notes=notes)
    options.progress("comparing the pictures", 0, 0)
    checks += sharpness(seen) if original is None else against_original(seen, original, notes=notes)
    report = QCReport(film, tuple(checks), (), tuple(notes))
    if options.report is not None:
        make_folder(options.report)
        write_report(report, folder=options.report)
        _strips(seen, options.report, original=original)
    return report


def _marks(found: Inspection) -> Iterator[Check]:
    """A film that carries Content Credentials must carry them whole; one without marks is not thereby bad."""
    credentials, audio = found.credentials, found.audio
    yield Check("content_credentials_found", float(credentials.found), TOLD, True)
    if credentials.found:
        yield Check("content_credentials_valid", float(credentials.valid), "= 1", credentials.valid)
        disclosed = bool(credentials.source_types)
        yield Check("disclosed_as_synthetic", float(disclosed), TOLD, True)
    if audio.heard:
        yield Check("watermark_in_sound", audio.score, f"{TOLD}; a mark from {FOUND}", True)


def _script(info: MediaInfo, options: CheckOptions) -> Script | None:
    """What is said in the film, where it is known: the script's lines, or one line of a person without a name."""
    video = require_video(info)
    duration, language = video.duration, options.language or ""
    if options.script is not None:
        return read_script(options.script, language=language, film_duration=duration)
    if options.text is None:
        return None
    words = read_text(Path(options.text)) if options.text.endswith(".txt") else options.text
    if not words.strip():
        raise InputError("--text holds no words; give what is said in the film")
    return Script((Utterance("text", Span(Fraction(0), duration), "", words, language),))


def _said(info: MediaInfo, options: CheckOptions) -> Mapping[str, PhonemeTimeline]:
    """When each phoneme should sound, by speaker, where that is known."""
    if options.timelines is None:
        return {}
    video = require_video(info)
    duration, said = video.duration, Timelines.read(options.timelines).speakers
    for timeline in said.values():
        if timeline.duration > duration + 1 / video.frame_rate:
            raise InputError(
                f"{options.timelines} is of a film of {float(timeline.duration):.1f} s, {info.path.name} has "
                f"{float(duration):.1f} s; give the timelines of this film"
            )
    return said


def _mouths(
    seen: Watched, marks: Inspection, *, script: Script | None, options: CheckOptions, notes: list[str]
) -> Iterator[Check]:
    """Hold every face against the sound, and against the words where they are known."""
    mouths = {number: mouth for number in seen.tracks if (mouth := _mouth(seen, number)) is not None}
    if not mouths:
        notes.append("no face was measured: none is seen for a second")
        return
    source = options.audio or seen.path
    sound = hear(source)
    if sound is None or not np.isfinite(sound.cepstra).all() or not sound.spoken:
        notes.append("mouths were not held against the sound: nobody speaks in it")
        return
    if require_video(seen.info).is_vfr:
        notes.append("mouths were not held against the sound: the frame rate varies")
        return
    made = marks.credentials.lips_changed
    human = not marks.audio.found or options.audio is not None  # the bars were not measured on made voices
    timelines = _timelines(seen, list(mouths), source, script=script, notes=notes)
    for number, mouth in mouths.items():
        speaks = number in timelines or (len(mouths) == 1 and not timelines)
        yield from in_sync(mouth, sound, judged=speaks and human)
        yield from at_rest(mouth, sound, judged=made and len(mouths) == 1)
        if number in timelines:
            yield from closes(mouth, timelines[number], judged=made, silence=False)


def _mouth(seen: Watched, number: int) -> SeenMouth | None:
    """One person's mouth in every frame that shows it; None where that is less than a second."""
    video = require_video(seen.info)
    opening, measured = np.zeros(video.frame_count, np.float32), np.zeros(video.frame_count, bool)
    for piece in seen.load(number):
        opening[piece.start : piece.end] = piece.layout.mouth_opening(piece.landmarks_px)
        measured[piece.start : piece.end] = piece.visible & np.isfinite(opening[piece.start : piece.end])
    if measured.sum() < LEAST_SECONDS * video.frame_rate:
        return None
    return SeenMouth(number, opening, measured, None if video.is_vfr else video.frame_rate)


def _timelines(
    seen: Watched, faces: Sequence[int], sound: Path, *, script: Script | None, notes: list[str]
) -> Mapping[int, PhonemeTimeline]:
    """What each face says, where its words are known."""
    if script is None:
        return {}
    video = require_video(seen.info)
    said: dict[int, list[Utterance]] = {}
    for line, number in _who(seen, faces, script, notes=notes):
        said.setdefault(number, []).append(line)
    duration = video.duration
    return {number: _spoken(lines, sound, duration) for number, lines in said.items()}


def _who(seen: Watched, faces: Sequence[int], script: Script, *, notes: list[str]) -> Iterator[tuple[Utterance, int]]:
    """Which face says each line."""
    lines = [line for line in script.utterances if line.on_screen]
    if len(faces) == 1:
        yield from ((line, faces[0]) for line in lines)
        return
    tracks = [piece for number in faces for piece in seen.load(number)]
    try:
        chosen = speaking_tracks(tracks, script, frame_rate=require_video(seen.info).frame_rate)
    except InputError:
        notes.append("closure was not measured: it is not clear which face says which line")
        return
    yield from ((line, chosen[line.speaker]) for line in lines if line.speaker in chosen)


def _spoken(lines: Sequence[Utterance], sound: Path, duration: Fraction) -> PhonemeTimeline:
    """The phonemes of some lines, each found in its own part of the sound."""
    phonemes: list[PhonemeSpan] = []
    edge = Fraction(0)
    for line in lines:
        span = line.span & Span(edge, duration) if edge < duration else None
        recording = read_audio(sound, sample_rate=_RATE, span=span) if span is not None else None
        if span is None or recording is None or np.abs(recording.samples).max(initial=0) < 1e-4:
            continue
        found = align(recording, text=line.text, language=line.language).place(span.start, duration)
        phonemes += found
        edge = phonemes[-1].span.end if phonemes else edge
    return PhonemeTimeline(tuple(phonemes), duration)


def _strips(seen: Watched, folder: Path, *, original: MediaInfo | None) -> None:
    """The mouths of every face for the eye, under those of the original where there is one."""
    films = [seen.path]
    if original is not None and require_video(original).frame_count >= require_video(seen.info).frame_count:
        films.insert(0, original.path)
    for number in seen.tracks:
        for index, face in enumerate(seen.load(number)):
            frames = _spread(face)
            if len(face) >= LEAST_SECONDS * require_video(seen.info).frame_rate and frames:
                write_strips(folder / f"strip-{number}-{index}.png", films=films, face=face, frames=frames)


def _spread(face: FaceTrack) -> list[int]:
    visible = face.start + np.flatnonzero(face.visible)
    if not len(visible):
        return []
    return [int(frame) for frame in visible[np.linspace(0, len(visible) - 1, STRIP_FRAMES).astype(int)]]
