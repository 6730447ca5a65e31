"""Dubbing a film: from a plan to a marked, signed and measured file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from avsynth.core.errors import InputError
from avsynth.core.plan import DubPlan, PlannedFace
from avsynth.media.probe import require_video
from avsynth.pipeline.cache import Cache
from avsynth.pipeline.export import check_folder, with_patches
from avsynth.pipeline.faces import Watched, film_sound, watch
from avsynth.pipeline.footage import footage_of
from avsynth.pipeline.heard import require_renderer, voice_of_lines
from avsynth.pipeline.lines import LineJob, SpokenLine, film_timeline, profile_digest, speak_lines
from avsynth.pipeline.motion import AnimatedFace, Says, animate_face
from avsynth.pipeline.options import DubOptions, Options
from avsynth.pipeline.picture import PictureJob, make_picture, remarks
from avsynth.pipeline.plan import check_output, make_plan
from avsynth.pipeline.quality import Evidence, measure
from avsynth.pipeline.regions import regions
from avsynth.pipeline.result import FilmResult, Timelines
from avsynth.pipeline.sound import dub_soundtrack
from avsynth.pipeline.voices import Voice, make_voices
from avsynth.provenance.consent import verify_consent
from avsynth.provenance.manifest import Claim
from avsynth.provenance.release import release_film
from avsynth.voice.bases import AUTO
from avsynth.voice.say import over


def plan_dub(
    film: Path | str,
    *,
    script: Path | str,
    language: str,
    consent: Path | str | Sequence[Path | str],
    output: Path | str,
    options: DubOptions | None = None,
) -> DubPlan:
    """Plan a dub without making it; arguments and errors are those of ``dub``."""
    consents = [consent] if isinstance(consent, (str, Path)) else consent
    return make_plan(
        Path(film),
        script=Path(script),
        language=language,
        consents=[Path(path) for path in consents],
        output=Path(output),
        options=options or DubOptions(),
    )


def dub(
    film: Path | str,
    *,
    script: Path | str,
    language: str,
    consent: Path | str | Sequence[Path | str],
    output: Path | str,
    options: DubOptions | None = None,
) -> FilmResult:
    """Dub a film from a translated script.

    Args:
        film: The film to dub.
        script: Its translated lines, SRT or VTT.
        language: BCP 47 tag of the dub.
        consent: Consent records; every speaker of the script needs one.
        output: The file to make: mp4, mov or mkv.
        options: Voices, faces, engines, report and the rest.

    Raises:
        MediaError: The film cannot be used.
        ScriptError: The script cannot be used with this film.
        ConsentError: A speaker's consent is missing or does not cover the dub.
        InputError: A voice, a face or an engine is not known, or there is too little speech to enroll from.
        OutputError: The result cannot be written.
    """
    plan = plan_dub(film, script=script, language=language, consent=consent, output=output, options=options)
    return run_plan(plan, options=options)


def run_plan(plan: DubPlan, *, options: Options | None = None) -> FilmResult:
    """Make what a plan describes. What an earlier, killed run has made already is not made again.

    Args:
        plan: From ``plan_dub`` or ``read_plan``.
        options: Executor, work folder, report and progress; engines and seed are the plan's.
    """
    options = options or Options()
    check_output(plan.output)
    require_renderer(plan.engines["renderer"])
    check_folder(options.patches)
    cache = Cache(options.work)
    cache.prune()
    seen = watch(plan.film, landmarker=plan.engines["landmarker"], cache=cache, progress=options.progress)
    job = _Job(plan, options, cache, seen)
    voices = make_voices(plan, cache=cache)
    original = film_sound(seen, cache=cache) if seen.info.audio else None
    spoken = _speak(job, voices, original=original if plan.delivery else None)
    faces = tuple(_animate(job, face, spoken) for face in plan.faces)
    pieces = tuple(piece for face in faces for piece in face.pieces)
    picture = PictureJob(plan.film, seen.digest, seen.shots, pieces, plan.engines["renderer"])
    encoded = make_picture(picture, cache=cache, run_by=options.executor, progress=options.progress)
    consents = {voice.consent.consent.id: voice.consent for voice in voices.values()}
    consents |= {(record := verify_consent(face.consent)).consent.id: record for face in plan.faces}
    lines = tuple(item for theirs in spoken.values() for item in theirs)
    options.progress("signing", 0, 0)
    claim = Claim(
        title=plan.output.name,
        source=plan.film,
        language=plan.language,
        source_language=seen.info.audio[0].language if seen.info.audio else "",
        lips_changed=bool(pieces),
        voice_cloned=True,
        consents=tuple(consents.values()),
    )
    soundtrack = dub_soundtrack(plan, lines, info=seen.info, original=original)
    claim = with_patches(claim, picture, info=seen.info, options=options, cache=cache)
    released = release_film(encoded, soundtrack=soundtrack, output=plan.output, claim=claim, like=seen.info)
    profiles = {name: voice.profile for name, voice in voices.items()}
    evidence = Evidence(seen, claim, released, lines, faces, remarks(picture), profiles)
    report = measure(evidence, options=options, landmarker=plan.engines["landmarker"])
    timelines = {name: film_timeline(theirs, duration=_duration(seen)) for name, theirs in spoken.items()}
    if options.report is not None:
        Timelines(timelines).write(options.report)
    return FilmResult(plan.output, report, timelines, plan)


@dataclass(frozen=True)
class _Job:
    plan: DubPlan
    options: Options
    cache: Cache
    seen: Watched


def _duration(seen: Watched) -> Fraction:
    return require_video(seen.info).duration


def _speak(job: _Job, voices: dict[str, Voice], *, original: Path | None) -> dict[str, tuple[SpokenLine, ...]]:
    plan = job.plan
    digests = {name: profile_digest(voice.profile) for name, voice in voices.items()}
    jobs = [
        LineJob(
            line,
            voices[line.speaker].profile,
            digests[line.speaker],
            over(plan.engines["cloner"], base=plan.engines.get("base", AUTO)),
            plan.seed,
            job.cache.folder,
            original,
        )
        for line in plan.script.utterances
    ]
    spoken = speak_lines(jobs, run_by=job.options.executor, progress=job.options.progress)
    return {name: tuple(item for item in spoken if item.line.speaker == name) for name in plan.script.speakers}


def _animate(job: _Job, face: PlannedFace, spoken: dict[str, tuple[SpokenLine, ...]]) -> AnimatedFace:
    plan, seen = job.plan, job.seen
    if face.track not in seen.tracks:
        known = ", ".join(map(str, seen.tracks)) or "none"
        raise InputError(f"{plan.film.name} has no face {face.track}; there are: {known}")
    verify_consent(face.consent).require("likeness", language=plan.language, project=plan.project)
    lines = [item for item in spoken[face.speaker] if item.line.on_screen]
    duration = _duration(seen)
    footage = footage_of(plan.footage, film=seen, number=face.track, engines=plan.engines, options=job.options)
    return animate_face(
        seen,
        number=face.track,
        says=Says(
            film_timeline(lines, duration=duration), voice=voice_of_lines(lines, renderer=plan.engines["renderer"])
        ),
        wanted=regions([item.line.span for item in lines], duration=duration, whole=plan.stems is not None),
        footage=footage,
        cache=job.cache,
    )
