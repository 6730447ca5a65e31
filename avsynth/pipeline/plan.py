"""Planning a dub: who speaks, with whose consent, in which voice, on which face."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from avsynth.core.consent import Kind, VerifiedConsent
from avsynth.core.errors import ConsentError, InputError, MediaError, OutputError
from avsynth.core.files import read_text, sha256, write_text
from avsynth.core.media import MediaInfo
from avsynth.core.plan import DubPlan, PlannedFace, PlannedVoice
from avsynth.core.script import Script
from avsynth.core.serial import from_json, to_json
from avsynth.face.assign import speaking_tracks
from avsynth.media.probe import probe, require_audio, require_video
from avsynth.pipeline.cache import Cache
from avsynth.pipeline.faces import watch
from avsynth.pipeline.options import DubOptions
from avsynth.pipeline.still import refuse_photo
from avsynth.provenance.consent import require_standing, verify_consent
from avsynth.text.script import read_script
from avsynth.voice.profile import load_profile

OUTPUT_SUFFIXES = (".mp4", ".mov", ".mkv")


@dataclass(frozen=True)
class Permission:
    """A consent record, where it is, and that it holds."""

    path: Path
    verified: VerifiedConsent


def permissions(paths: Sequence[Path]) -> tuple[Permission, ...]:
    """Verify every consent record that was given.

    Raises:
        ConsentError: One of them does not hold.
    """
    if not paths:
        raise ConsentError("no consent was given; make one with avsynth consent new, then pass it as --consent FILE")
    return tuple(Permission(path.absolute(), verify_consent(path)) for path in paths)


def permission_for(
    speaker: str, kind: Kind, *, language: str, project: str | None, given: Sequence[Permission]
) -> Path:
    """The record that covers a use of a speaker's voice or face.

    Raises:
        ConsentError: None does; the message says what the nearest one lacks.
    """
    theirs = [item for item in given if item.verified.speaker == speaker]
    if not theirs:
        names = ", ".join(sorted({repr(item.verified.speaker) for item in given}))
        raise ConsentError(f"no consent of {speaker or 'the unnamed speaker'!r} was given, only of {names}")
    refusal: ConsentError | None = None
    for item in theirs:
        try:
            item.verified.require(kind, language=language, project=project)
        except ConsentError as error:
            refusal = error
        else:
            return item.path
    assert refusal is not None  # theirs is not empty
    raise refusal


def make_plan(
    film: Path, *, script: Path, language: str, consents: Sequence[Path], output: Path, options: DubOptions
) -> DubPlan:
    """Look at film and script and decide everything a dub needs, without making anything.

    Args:
        film: The film to dub.
        script: Its translated lines.
        language: BCP 47 tag of the dub.
        consents: Consent records; every speaker of the script needs one.
        output: The file to make.
        options: Voices, faces, engines and the rest.

    Raises:
        MediaError: The film cannot be used.
        ScriptError: The script cannot be used with this film.
        ConsentError: A speaker's consent is missing or does not cover the dub.
        InputError: A voice, a face or an engine is not known.
    """
    check_output(output)
    refuse_photo(film)
    info = probe(film)
    video = require_video(info)
    require_audio(info if options.stems is None else probe(options.stems))
    given = permissions(consents)
    speakers = {item.verified.speaker for item in given}
    lines = read_script(
        script,
        language=language,
        film_duration=video.duration,
        default_speaker=speakers.pop() if len(speakers) == 1 else "",
    )
    _check_names(lines, options)
    voices = tuple(_voice(name, language=language, info=info, given=given, options=options) for name in lines.speakers)
    faces = _faces(film, lines, language=language, given=given, options=options)
    return DubPlan(
        film=film.absolute(),
        film_sha256=sha256(film),
        output=output.absolute(),
        language=language,
        script=lines,
        voices=voices,
        faces=faces,
        engines=options.all_engines,
        stems=options.stems.absolute() if options.stems else None,
        footage=tuple(path.absolute() for path in options.footage),
        project=options.project,
        seed=options.seed,
        delivery=options.delivery,
        fit=options.fit,
    )


def check_output(output: Path) -> None:
    """Make sure that a film can be written under this name, before hours of work.

    Raises:
        InputError: The suffix is none that is written.
        OutputError: The folder can be neither made nor written.
    """
    if output.suffix.lower() not in OUTPUT_SUFFIXES:
        raise InputError(f"{output.name}: the output must end in {', '.join(OUTPUT_SUFFIXES)}")
    folder = output.absolute().parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise OutputError(f"cannot write {output}: {folder} is no folder that can be written; choose another")


def _check_names(script: Script, options: DubOptions) -> None:
    for kind, names in (("--voice", options.voices), ("--face", options.faces)):
        for name in names:
            if name not in script.speakers:
                known = ", ".join(map(repr, script.speakers))
                raise InputError(f"{kind} {name}=...: the script has no speaker {name!r}; it has {known}")


def _voice(
    speaker: str, *, language: str, info: MediaInfo, given: Sequence[Permission], options: DubOptions
) -> PlannedVoice:
    profile = options.voices.get(speaker)
    if profile is not None:
        consent = load_profile(profile).consent
        require_standing(consent)
        consent.require("voice", language=language, project=options.project)
        return PlannedVoice(speaker, profile=profile.absolute())
    record = permission_for(speaker, "voice", language=language, project=options.project, given=given)
    if not info.audio:
        raise MediaError(f"{info.path.name} has no sound to enroll {speaker!r} from; give --voice {speaker}=PROFILE")
    return PlannedVoice(speaker, consent=record)


def _faces(
    film: Path, script: Script, *, language: str, given: Sequence[Permission], options: DubOptions
) -> tuple[PlannedFace, ...]:
    cache = Cache(options.work)
    seen = watch(film, landmarker=options.all_engines["landmarker"], cache=cache, progress=options.progress)
    tracks = tuple(piece for number in seen.tracks for piece in seen.load(number))
    if not tracks:
        return ()
    frame_rate = require_video(seen.info).frame_rate
    assigned = speaking_tracks(tracks, script, frame_rate=frame_rate, given=options.faces or None)
    return tuple(
        PlannedFace(
            speaker,
            number,
            permission_for(speaker, "likeness", language=language, project=options.project, given=given),
        )
        for speaker, number in assigned.items()
    )


def read_plan(path: Path) -> DubPlan:
    """Read a plan that ``--plan-only`` wrote and a person may have edited.

    Raises:
        InputError: It is no plan, or its film has changed since.
    """
    plan = from_json(read_text(path), DubPlan, source=path.name)
    if plan.stems is not None:
        require_audio(probe(plan.stems))
    if sha256(plan.film) != plan.film_sha256:
        raise InputError(f"{plan.film} is not the film this plan was made for; make a new plan with --plan-only")
    return plan


def write_plan(path: Path, plan: DubPlan) -> None:
    """Write a plan as JSON that a person may edit.

    Raises:
        OutputError: The file cannot be written.
    """
    write_text(path, to_json(plan))
