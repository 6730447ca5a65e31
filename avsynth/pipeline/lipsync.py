"""Putting a recorded dub on a face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from avsynth.core.errors import InputError
from avsynth.core.files import read_text
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.media.photo import is_photo
from avsynth.media.probe import probe, require_audio, require_video
from avsynth.media.read import read_audio
from avsynth.pipeline.cache import Cache
from avsynth.pipeline.export import check_folder
from avsynth.pipeline.faces import Watched, watch
from avsynth.pipeline.footage import footage_of
from avsynth.pipeline.heard import require_renderer, voice_of_recording
from avsynth.pipeline.motion import AnimatedFace, Says, animate_face
from avsynth.pipeline.options import LipsyncOptions
from avsynth.pipeline.plan import check_output, permission_for, permissions
from avsynth.pipeline.recorded import RecordedJob, release
from avsynth.pipeline.result import FilmResult, Timelines
from avsynth.pipeline.still import StillFilm, film_photo, for_photo
from avsynth.voice.align import align

BRIEF = 0.1  # a face seen for less than this share of another's time passes by, and is not who speaks


def lipsync(
    video: Path | str,
    *,
    audio: Path | str,
    language: str,
    consent: Path | str | Sequence[Path | str],
    output: Path | str,
    options: LipsyncOptions | None = None,
) -> FilmResult:
    """Make the face in a film or a photo say a recorded dub, which replaces the film's sound.

    Args:
        video: The film with the face, or a PNG, JPEG or WebP photo, which becomes a film as long as the sound.
        audio: The dub's voice track; its time zero is the film's. It may be shorter or longer than the film.
        language: BCP 47 tag of the dub.
        consent: Consent record that covers the person's likeness.
        output: The file to make: mp4, mov or mkv.
        options: The words of the dub, the face track, footage, engines and the rest.

    Raises:
        MediaError: The film or the sound cannot be used.
        ConsentError: The consent is missing or does not cover this.
        InputError: The film shows no face, or several and none was chosen.
        OutputError: The result cannot be written.
    """
    options = options or LipsyncOptions()
    video, audio, output = Path(video), Path(audio), Path(output)
    check_output(output)
    options = for_photo(options) if is_photo(video) else options
    require_renderer(options.all_engines["renderer"])
    check_folder(options.patches)
    require_audio(probe(audio))
    given = permissions([Path(p) for p in ([consent] if isinstance(consent, (str, Path)) else consent)])
    speaker = given[0].verified.speaker
    record = permission_for(speaker, "likeness", language=language, project=options.project, given=given)
    cache = Cache(options.work)
    cache.prune()
    still = _still(video, audio, options=options, cache=cache)
    seen = (
        still.watched
        if still
        else watch(video, landmarker=options.all_engines["landmarker"], cache=cache, progress=options.progress)
    )
    face = _face(seen, audio, language=language, options=options, cache=cache, still=still)
    job = RecordedJob(video, audio, language, (record,), output, still.notes if still else ())
    report = release(job, seen=seen, face=face, options=options, cache=cache)
    timelines = {speaker: face.says.timeline} if face.says.timeline is not None else {}
    if options.report is not None and timelines:
        Timelines(timelines).write(options.report)
    return FilmResult(output, report, timelines)


def _still(video: Path, audio: Path, *, options: LipsyncOptions, cache: Cache) -> StillFilm | None:
    """The film of a photo; None where a film was given."""
    if is_photo(video):
        return film_photo(video, audio=audio, options=options, cache=cache)
    if options.frame_rate is not None:
        raise InputError(f"{video.name} is a film and keeps its own frame rate; --frame-rate is for photos")
    return None


def _face(
    seen: Watched, audio: Path, *, language: str, options: LipsyncOptions, cache: Cache, still: StillFilm | None
) -> AnimatedFace:
    number = choose_track(seen, options.face)
    frames = require_video(seen.info)
    duration = frames.duration
    footage = footage_of(options.footage, film=seen, number=number, engines=options.all_engines, options=options)
    if still and not options.footage:
        footage = still.footage[number]
    voice = voice_of_recording(audio, renderer=options.all_engines["renderer"], cache=cache)
    return animate_face(
        seen,
        number=number,
        says=replace(what_is_said(audio, text=options.text, language=language, duration=duration), voice=voice),
        wanted=(Span(Fraction(0), duration),),
        footage=footage,
        cache=cache,
    )


def what_is_said(audio: Path, *, text: str | None, language: str, duration: Fraction) -> Says:
    """The recording, and its phoneme timeline where its words are known.

    Args:
        audio: The recording.
        text: Its words, or the name of a ``.txt`` file that holds them.
        language: BCP 47 tag.
        duration: Length of the film in seconds.

    Raises:
        InputError: The text file cannot be read, or the recording holds no speech.
    """
    if text is None:
        return Says(sound=audio)
    words = read_text(Path(text)) if text.endswith(".txt") else text
    recording = read_audio(audio, sample_rate=16_000)
    timeline = align(Waveform(recording.mono()[None], recording.sample_rate), text=words, language=language)
    return Says(timeline.within(duration), sound=audio)


def choose_track(seen: Watched, wanted: int | None, *, option: str = "--face") -> int:
    """The number of the face that is meant: the chosen one, the only one, or the one beside which others are brief.

    Args:
        seen: The film that was looked through.
        wanted: The choice, if there was one.
        option: By which a person chooses.

    Raises:
        InputError: There is none, or several of which none was chosen, or not the chosen one.
    """
    if not seen.tracks:
        raise InputError(f"{seen.path.name} shows no face that can be changed")
    frames = {number: sum(int(piece.visible.sum()) for piece in seen.load(number)) for number in seen.tracks}
    shown = ", ".join(f"{number} ({count} frames)" for number, count in frames.items())
    if wanted is not None:
        if wanted not in frames:
            raise InputError(f"{seen.path.name} has no face {wanted}; there are: {shown}")
        return wanted
    longest = max(frames, key=lambda number: frames[number])
    if any(count > BRIEF * frames[longest] for number, count in frames.items() if number != longest):
        raise InputError(f"{seen.path.name} shows several faces; choose one with {option} NUMBER: {shown}")
    return longest
