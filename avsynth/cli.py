"""The commands: each fills one set of options, calls one function and shows what came back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

import avsynth
from avsynth import terminal
from avsynth.core.consent import kinds_of
from avsynth.core.errors import AvsynthError, InputError
from avsynth.core.serial import to_plain
from avsynth.core.span import seconds

app = typer.Typer(
    name="avsynth",
    help="Dub talking people into other languages with their own voice and with lips that match.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
consent_app = typer.Typer(help="Records of what people allow to be done with their voice and face.")
models_app = typer.Typer(help="The weights: where they come from, and whether they are the right ones.")
app.add_typer(consent_app, name="consent")
app.add_typer(models_app, name="models")

Language = Annotated[str, typer.Option("--language", "-l", help="BCP 47 tag, such as es or pt-BR.")]
Consents = Annotated[list[Path], typer.Option("--consent", help="Consent record; repeat for several speakers.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="The file to make.")]
Engines = Annotated[list[str] | None, typer.Option("--engine", help="KIND=NAME, such as renderer=footage.")]
Footage = Annotated[list[Path] | None, typer.Option("--footage", help="Clip of the person to take mouths from.")]
Report = Annotated[Path | None, typer.Option("--report", help="Folder for qc.json and the review reel.")]
Project = Annotated[str | None, typer.Option("--project", help="Production the consents must cover.")]
Work = Annotated[Path | None, typer.Option("--work", help="Folder that lets a killed run resume.")]
Executor = Annotated[str, typer.Option("--executor", help="serial, process or ray.")]
Seed = Annotated[int, typer.Option("--seed", help="Start of all randomness.")]
Json = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """Dub talking people into other languages."""
    if version:
        terminal.show_json(avsynth.__version__)
        raise typer.Exit


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put it.")] = Path("avsynth-demo"), json: Json = False
) -> None:
    """Make a sample clip and dub it into two languages."""
    from avsynth.pipeline.demo import make_demo

    with terminal.progress_bars() as progress:
        made = make_demo(folder, progress=progress)
    _finish(made.dubs, json=json, value={"sample": str(made.sample), "dubs": [str(d.output) for d in made.dubs]})


@app.command()
def dub(
    film: Annotated[Path, typer.Argument(help="The film, or a plan that --plan-only wrote.")],
    script: Annotated[Path | None, typer.Option("--script", "-s", help="Translated lines: SRT or VTT.")] = None,
    language: Annotated[str | None, typer.Option("--language", "-l", help="BCP 47 tag of the dub.")] = None,
    consent: Annotated[list[Path] | None, typer.Option("--consent", help="Consent record; repeat.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The film to make.")] = None,
    voice: Annotated[list[str] | None, typer.Option("--voice", help="SPEAKER=PROFILE; else from the film.")] = None,
    face: Annotated[list[str] | None, typer.Option("--face", help="SPEAKER=TRACK; else by who speaks.")] = None,
    stems: Annotated[Path | None, typer.Option("--stems", help="Music and effects to lay the dub on.")] = None,
    footage: Footage = None,
    plan_only: Annotated[Path | None, typer.Option("--plan-only", help="Write the plan and stop.")] = None,
    engine: Engines = None,
    report: Report = None,
    project: Project = None,
    work: Work = None,
    executor: Executor = "serial",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Dub a film from a translated script, or run a plan."""
    from avsynth.pipeline.dub import plan_dub, run_plan
    from avsynth.pipeline.options import DubOptions
    from avsynth.pipeline.plan import read_plan, write_plan

    with terminal.progress_bars() as progress:
        options = DubOptions(
            engines=terminal.pairs(engine or [], option="--engine"),
            executor=executor,
            work=work,
            report=report,
            project=project,
            seed=seed,
            progress=progress,
            voices={k: Path(v) for k, v in terminal.pairs(voice or [], option="--voice").items()},
            faces=terminal.numbers(face or [], option="--face"),
            stems=stems,
            footage=tuple(footage or ()),
        )
        if film.suffix == ".json":
            plan = read_plan(film)
        else:
            plan = plan_dub(
                film,
                script=_needed(script, "--script"),
                language=_needed(language, "--language"),
                consent=consent or [],
                output=_needed(output, "--output"),
                options=options,
            )
        if plan_only is not None:
            write_plan(plan_only, plan)
            terminal.show_path(plan_only)
            return
        made = run_plan(plan, options=options)
    _finish([made], json=json, value=to_plain(made.report))


@app.command()
def lipsync(
    video: Annotated[Path, typer.Argument(help="The film with the face.")],
    audio: Annotated[Path, typer.Argument(help="The recorded dub.")],
    language: Language,
    consent: Consents,
    output: Output,
    text: Annotated[str | None, typer.Option("--text", help="The words of the recording, or a .txt file.")] = None,
    face: Annotated[int | None, typer.Option("--face", help="Number of the face track.")] = None,
    footage: Footage = None,
    engine: Engines = None,
    report: Report = None,
    project: Project = None,
    work: Work = None,
    executor: Executor = "serial",
    json: Json = False,
) -> None:
    """Put a recorded dub on a face."""
    from avsynth.pipeline.lipsync import lipsync as run
    from avsynth.pipeline.options import LipsyncOptions

    with terminal.progress_bars() as progress:
        options = LipsyncOptions(
            engines=terminal.pairs(engine or [], option="--engine"),
            executor=executor,
            work=work,
            report=report,
            project=project,
            progress=progress,
            text=text,
            face=face,
            footage=tuple(footage or ()),
        )
        made = run(video, audio=audio, language=language, consent=consent, output=output, options=options)
    _finish([made], json=json, value=to_plain(made.report))


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="The words.")],
    language: Language,
    voice: Annotated[Path, typer.Option("--voice", help="Profile made by avsynth enroll.")],
    output: Output,
    duration: Annotated[str | None, typer.Option("--duration", help="Exact length in seconds, such as 2.4.")] = None,
    phonemes: Annotated[Path | None, typer.Option("--phonemes", help="File for the phoneme timeline.")] = None,
    engine: Engines = None,
    project: Project = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Speak a line in an enrolled voice."""
    from avsynth.pipeline.options import SayOptions
    from avsynth.pipeline.say import say as run

    options = SayOptions(
        engines=terminal.pairs(engine or [], option="--engine"),
        project=project,
        seed=seed,
        duration=_seconds(duration),
        phonemes=phonemes,
    )
    made = run(text, language=language, voice=voice, output=output, options=options)
    if json:
        terminal.show_json({"output": str(made.output), "phonemes": made.phonemes(), "stretch": made.speech.stretch})
    else:
        terminal.show_path(made.output)


@app.command()
def enroll(
    sources: Annotated[list[Path], typer.Argument(help="Recordings or films of the speaker.")],
    speaker: Annotated[str, typer.Option("--speaker", help="The same name as in the consent.")],
    consent: Annotated[Path, typer.Option("--consent", help="Their consent record.")],
    output: Output,
    engine: Engines = None,
    json: Json = False,
) -> None:
    """Make a voice profile from recordings of a speaker."""
    from avsynth.pipeline.enroll import enroll as run
    from avsynth.pipeline.options import Options

    options = Options(engines=terminal.pairs(engine or [], option="--engine"))
    made = run(sources, speaker=speaker, consent=consent, output=output, options=options)
    if json:
        terminal.show_json(
            {
                "output": str(made.output),
                "speaker": made.profile.speaker,
                "speech_seconds": round(made.profile.speech_seconds, 2),
                "f0_median_hz": round(made.profile.statistics.f0_median_hz, 1),
            }
        )
    else:
        terminal.show_path(made.output)


@app.command()
def inspect(file: Annotated[Path, typer.Argument(help="Any film or sound file.")], json: Json = False) -> None:
    """Say which marks a file carries: Content Credentials and watermark."""
    from avsynth.provenance.inspect import describe, inspect_file

    found = inspect_file(file)
    if json:
        terminal.show_json(to_plain(found))
    else:
        terminal.out.print(describe(found), markup=False)


@consent_app.command("new")
def consent_new(
    speaker: Annotated[str, typer.Option("--speaker", help="Whose voice or face.")],
    kind: Annotated[str, typer.Option("--kind", help="voice, likeness, or both: voice,likeness.")],
    language: Annotated[str, typer.Option("--language", "-l", help="Tags with commas, or any.")],
    project: Annotated[str, typer.Option("--project", help="The production, or any.")],
    expires: Annotated[str, typer.Option("--expires", help="Last day, such as 2027-03-01.")],
    output: Output,
    granted_by: Annotated[str | None, typer.Option("--granted-by", help="Who signed; else the speaker.")] = None,
    basis: Annotated[str, typer.Option("--basis", help="On what ground.")] = "written consent",
    evidence: Annotated[list[Path] | None, typer.Option("--evidence", help="File that proves it; repeat.")] = None,
) -> None:
    """Write a consent record."""
    from avsynth.provenance.consent import new_consent, save_consent

    made = new_consent(
        speaker=speaker,
        kinds=kinds_of(kind),
        languages=tuple(part.strip() for part in language.split(",")),
        project=project,
        expires=_day(expires),
        granted_by=granted_by or speaker,
        basis=basis,
        evidence=evidence or (),
    )
    save_consent(output, made, evidence=evidence or ())
    terminal.show_path(output)


@consent_app.command("verify")
def consent_verify(file: Annotated[Path, typer.Argument(help="The record.")], json: Json = False) -> None:
    """Check that a record is whole and holds today."""
    from avsynth.provenance.consent import verify_consent

    record = verify_consent(file).consent
    if json:
        terminal.show_json({**to_plain(record), "digest": record.digest, "holds": True})
    else:
        scope = f"{', '.join(record.kinds)} in {', '.join(record.languages)} for {record.project}"
        terminal.out.print(f"{record.speaker}: {scope}, until {record.expires}", markup=False)


@consent_app.command("revoke")
def consent_revoke(
    file: Annotated[Path, typer.Argument(help="The record.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the file.")] = "withdrawn by the speaker",
) -> None:
    """Withdraw a consent: the record and every copy of it are refused from now on."""
    from avsynth.provenance.consent import revoke_consent

    revoke_consent(file, reason=reason)
    terminal.show_path(file)


@models_app.command("list")
def models_list(json: Json = False) -> None:
    """Show every card and whether its weights are here."""
    from avsynth.models import hub

    cards = [(card, hub.is_present(card)) for card in hub.cards()]
    if json:
        terminal.show_json(
            [{"name": c.name, "licence": c.licence, "bytes": c.bytes, "present": here} for c, here in cards]
        )
        return
    shown = terminal.table("name", "licence", "size", "here")
    for card, here in cards:
        shown.add_row(card.name, card.licence, f"{card.bytes / 1e6:.1f} MB", "yes" if here else "no")
    terminal.out.print(shown)


@models_app.command("fetch")
def models_fetch(names: Annotated[list[str] | None, typer.Argument(help="Cards; else all.")] = None) -> None:
    """Obtain weights and check their hashes."""
    from avsynth.models import hub

    chosen = [hub.find_card(name) for name in names] if names else hub.fetchable()
    with terminal.progress_bars() as progress:
        for index, card in enumerate(chosen):
            progress("fetching weights", index, len(chosen))
            hub.obtain(card)


@models_app.command("verify")
def models_verify(json: Json = False) -> None:
    """Check the hash of every weight that is here."""
    from avsynth.models import hub

    here = [card for card in hub.cards() if hub.is_present(card)]
    for card in here:
        hub.verify(card)
    if json:
        terminal.show_json([card.name for card in here])
    else:
        terminal.out.print(f"{len(here)} weights are the ones their cards describe")


def _finish(made: Sequence[Any], *, json: bool, value: Any) -> None:
    if json:
        terminal.show_json(value)
    for result in made:
        for check in result.report.checks:
            if not check.passed:
                what = f"{check.name} {check.where}".strip()
                terminal.log.print(f"failed: {what}: {check.value:g} (limit {check.limit})", markup=False)
        for note in result.report.notes:
            terminal.log.print(f"note: {note}", markup=False)
        if not json:
            terminal.show_path(result.output)
    if not all(result.report.passed for result in made):
        raise typer.Exit(1)


def _needed(value: Any, option: str) -> Any:
    if value is None:
        raise InputError(f"{option} is missing; see avsynth dub --help")
    return value


def _seconds(text: str | None) -> Any:
    try:
        return seconds(text) if text is not None else None
    except ValueError as error:
        raise InputError(f"--duration: {error}") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--expires {text}: write a day such as 2027-03-01") from None


def main() -> None:
    """Run a command; an error a person can mend is one line on stderr and its exit code."""
    try:
        app()
    except AvsynthError as error:
        terminal.log.print(f"error: {error}", markup=False)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        terminal.log.print("stopped; run the same command to go on")
        sys.exit(130)
