"""Letting a face follow a dub actor: their mouth drives it, within its own range, and their sound is heard."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from avsynth.core.span import Span
from avsynth.lipsync.perform import read_performance
from avsynth.media.probe import probe, require_audio, require_video
from avsynth.pipeline.artefacts import save_performance
from avsynth.pipeline.cache import Cache, Stage
from avsynth.pipeline.clock import frame_clock
from avsynth.pipeline.export import check_folder
from avsynth.pipeline.faces import Watched, usable, watch
from avsynth.pipeline.footage import footage_of
from avsynth.pipeline.heard import require_renderer, voice_of_recording
from avsynth.pipeline.lipsync import choose_track
from avsynth.pipeline.motion import AnimatedFace, Says, animate_face
from avsynth.pipeline.options import ReenactOptions
from avsynth.pipeline.plan import check_output, permission_for, permissions
from avsynth.pipeline.recorded import RecordedJob, release
from avsynth.pipeline.result import FilmResult


def reenact(
    target: Path | str,
    *,
    performance: Path | str,
    consent: Path | str | Sequence[Path | str],
    output: Path | str,
    language: str = "und",
    options: ReenactOptions | None = None,
) -> FilmResult:
    """Make the face in a film follow another person's mouth; that person's sound replaces the film's.

    Both films begin together. Their rates may differ: the motion is taken at each picture's own time. Where the
    performer's face is lost for more than a fifth of a second, or the performance has ended, the mouth rests closed.

    Args:
        target: The film with the face that is changed.
        performance: The dub actor's film, with picture and sound.
        consent: Consent records. The first is of the person whose face is changed and covers their likeness. The
            performer is heard as recorded and not shown; a record of theirs may be given as well, and is named in the
            finished film.
        output: The file to make: mp4, mov or mkv.
        language: BCP 47 tag of what is spoken; ``"und"``, undetermined, needs a consent for any language.
        options: The face tracks, footage, engines and the rest.

    Raises:
        MediaError: One of the films cannot be used.
        ConsentError: The consent is missing or does not cover this.
        InputError: A film shows no face, or several and none was chosen.
        OutputError: The result cannot be written.
    """
    options = options or ReenactOptions()
    target, performance, output = Path(target), Path(performance), Path(output)
    check_output(output)
    require_renderer(options.all_engines["renderer"])
    check_folder(options.patches)
    acted = probe(performance)
    require_video(acted)
    require_audio(acted)
    given = permissions([Path(p) for p in ([consent] if isinstance(consent, (str, Path)) else consent)])
    speaker = given[0].verified.speaker
    record = permission_for(speaker, "likeness", language=language, project=options.project, given=given)
    cache = Cache(options.work)
    cache.prune()
    seen = watch(target, landmarker=options.all_engines["landmarker"], cache=cache, progress=options.progress)
    face = _face(seen, performance, options=options, cache=cache)
    others = [item.path for item in given if item.verified.speaker != speaker]
    job = RecordedJob(target, performance, language, (record, *others), output)
    report = release(job, seen=seen, face=face, options=options, cache=cache)
    return FilmResult(output, report)


def _face(seen: Watched, performance: Path, *, options: ReenactOptions, cache: Cache) -> AnimatedFace:
    number = choose_track(seen, options.face)
    engines = options.all_engines
    acted = watch(performance, landmarker=engines["landmarker"], cache=cache, progress=options.progress)
    frames = require_video(seen.info)
    return animate_face(
        seen,
        number=number,
        says=Says(
            performance=performed(acted, number=options.performer_face, cache=cache),
            voice=voice_of_recording(performance, renderer=engines["renderer"], cache=cache),
        ),
        wanted=(Span(Fraction(0), frames.duration),),
        footage=footage_of(options.footage, film=seen, number=number, engines=engines, options=options),
        cache=cache,
    )


def performed(acted: Watched, *, number: int | None, cache: Cache) -> Path:
    """The artefact of a performer's motion.

    Args:
        acted: Their film, looked through.
        number: Their face track; ``None`` is the only one, or the one beside which others are brief.
        cache: Where it is kept.

    Raises:
        InputError: The film shows no face, several of which none was chosen, or none that is seen well.
    """
    chosen = choose_track(acted, number, option="--performer-face")
    tracks = acted.tracks[chosen]

    def read(target: Path) -> None:
        pieces = acted.load(chosen)
        judged = [(piece, usable(piece, info=acted.info).usable & piece.visible) for piece in pieces]
        clock = frame_clock(acted.path, video=require_video(acted.info))
        save_performance(target, read_performance(judged, clock=clock))

    inputs = {"film": acted.digest, "tracks": [[path.parent.name, path.name] for path in tracks]}
    return cache.produce(Stage("performance", inputs, ".npz", read))
