"""The commands: each fills one set of options, calls one function and shows what came back."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import avsynth
from avsynth import cli_consent, cli_models, cli_voice, terminal
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
app.add_typer(cli_consent.app, name="consent")
app.add_typer(cli_models.app, name="models")
app.add_typer(cli_voice.app, name="voice")

Language = Annotated[str, typer.Option("--language", "-l", help="BCP 47 tag, such as es or pt-BR.")]
Consents = Annotated[list[Path], typer.Option("--consent", help="Consent record; repeat for several speakers.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="The file to make.")]
Engines = Annotated[list[str] | None, typer.Option("--engine", help="KIND=NAME, such as renderer=footage.")]
Footage = Annotated[list[Path] | None, typer.Option("--footage", help="Clip of the person to take mouths from.")]
Report = Annotated[Path | None, typer.Option("--report", help="Folder for qc.json and the review reel.")]
Patches = Annotated[Path | None, typer.Option("--patches", help="Folder for patches with alpha, and edit lists.")]
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
    delivery: Annotated[
        bool, typer.Option("--delivery/--no-delivery", help="Speak lines the way the original's are spoken.")
    ] = True,
    fit: Annotated[bool, typer.Option("--fit/--no-fit", help="Fit the cloner to voices from the film.")] = True,
    plan_only: Annotated[Path | None, typer.Option("--plan-only", help="Write the plan and stop.")] = None,
    engine: Engines = None,
    report: Report = None,
    patches: Patches = None,
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
            patches=patches,
            project=project,
            seed=seed,
            progress=progress,
            voices={k: Path(v) for k, v in terminal.pairs(voice or [], option="--voice").items()},
            faces=terminal.numbers(face or [], option="--face"),
            stems=stems,
            footage=tuple(footage or ()),
            delivery=delivery,
            fit=fit,
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
    video: Annotated[Path, typer.Argument(help="The film with the face, or a PNG, JPEG or WebP photo.")],
    audio: Annotated[Path, typer.Argument(help="The recorded dub.")],
    language: Language,
    consent: Consents,
    output: Output,
    text: Annotated[str | None, typer.Option("--text", help="The words of the recording, or a .txt file.")] = None,
    face: Annotated[int | None, typer.Option("--face", help="Number of the face track.")] = None,
    frame_rate: Annotated[str | None, typer.Option("--frame-rate", help="Of a photo's film, such as 25.")] = None,
    footage: Footage = None,
    engine: Engines = None,
    report: Report = None,
    patches: Patches = None,
    project: Project = None,
    work: Work = None,
    executor: Executor = "serial",
    json: Json = False,
) -> None:
    """Put a recorded dub on a face, in a film or a photo."""
    from avsynth.pipeline.lipsync import lipsync as run
    from avsynth.pipeline.options import LipsyncOptions

    with terminal.progress_bars() as progress:
        options = LipsyncOptions(
            engines=terminal.pairs(engine or [], option="--engine"),
            executor=executor,
            work=work,
            report=report,
            patches=patches,
            project=project,
            progress=progress,
            text=text,
            face=face,
            frame_rate=_seconds(frame_rate, option="--frame-rate"),
            footage=tuple(footage or ()),
        )
        made = run(video, audio=audio, language=language, consent=consent, output=output, options=options)
    _finish([made], json=json, value=to_plain(made.report))


@app.command()
def reenact(
    target: Annotated[Path, typer.Argument(help="The film with the face.")],
    performance: Annotated[
        Path, typer.Argument(help="The dub actor's film: their mouth drives, their sound is heard.")
    ],
    consent: Consents,
    output: Output,
    language: Annotated[str, typer.Option("--language", "-l", help="BCP 47 tag of what is spoken.")] = "und",
    face: Annotated[int | None, typer.Option("--face", help="Number of the target's face track.")] = None,
    performer_face: Annotated[int | None, typer.Option("--performer-face", help="Number of the performer's.")] = None,
    footage: Footage = None,
    engine: Engines = None,
    report: Report = None,
    patches: Patches = None,
    project: Project = None,
    work: Work = None,
    executor: Executor = "serial",
    json: Json = False,
) -> None:
    """Let a face follow the mouth of a dub actor."""
    from avsynth.pipeline.options import ReenactOptions
    from avsynth.pipeline.reenact import reenact as run

    with terminal.progress_bars() as progress:
        options = ReenactOptions(
            engines=terminal.pairs(engine or [], option="--engine"),
            executor=executor,
            work=work,
            report=report,
            patches=patches,
            project=project,
            progress=progress,
            face=face,
            performer_face=performer_face,
            footage=tuple(footage or ()),
        )
        made = run(target, performance=performance, language=language, consent=consent, output=output, options=options)
    _finish([made], json=json, value=to_plain(made.report))


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="The words.")],
    language: Language,
    voice: Annotated[Path, typer.Option("--voice", help="Profile made by avsynth enroll.")],
    output: Output,
    duration: Annotated[str | None, typer.Option("--duration", help="Exact length in seconds, such as 2.4.")] = None,
    phonemes: Annotated[Path | None, typer.Option("--phonemes", help="File for the phoneme timeline.")] = None,
    delivery: Annotated[Path | None, typer.Option("--delivery", help="The original line, spoken this way.")] = None,
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
        delivery=delivery,
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
    like: Annotated[Path | None, typer.Option("--like", help="Clip of the speaker alone, if others speak.")] = None,
    span: Annotated[
        list[str] | None, typer.Option("--span", help="[FILE=]START-END where only the speaker speaks; repeat.")
    ] = None,
    fit: Annotated[
        bool | None,
        typer.Option("--fit/--no-fit", help="Fit the cloner to the voice, which takes a while; else if it is neural."),
    ] = None,
    engine: Engines = None,
    json: Json = False,
) -> None:
    """Make a voice profile from recordings of a speaker."""
    from avsynth.pipeline.enroll import EnrollOptions
    from avsynth.pipeline.enroll import enroll as run

    with terminal.progress_bars() as progress:
        options = EnrollOptions(
            engines=terminal.pairs(engine or [], option="--engine"),
            progress=progress,
            like=like,
            spans=cli_voice.spans_of(span or [], sources=sources),
            fit=fit,
        )
        made = run(sources, speaker=speaker, consent=consent, output=output, options=options)
    if json:
        terminal.show_json(
            {
                "output": str(made.output),
                "speaker": made.profile.speaker,
                "speech_seconds": round(made.usable_seconds, 2),
                "f0_median_hz": round(made.profile.statistics.f0_median_hz, 1),
                "fitted": bool(made.profile.adapted),
                "sources": to_plain(made.sources),
            }
        )
        return
    for source in made.sources:
        terminal.log.print(str(source), markup=False)
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


@app.command()
def check(
    film: Annotated[Path, typer.Argument(help="Any finished film.")],
    original: Annotated[Path | None, typer.Option("--original", help="The film it was made from.")] = None,
    script: Annotated[Path | None, typer.Option("--script", "-s", help="What is said in it: SRT or VTT.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="What its one speaker says, or a .txt file.")] = None,
    language: Annotated[str | None, typer.Option("--language", "-l", help="BCP 47 tag of the words.")] = None,
    audio: Annotated[Path | None, typer.Option("--audio", help="Sound to hold the mouths against.")] = None,
    voice: Annotated[
        list[str] | None, typer.Option("--voice", help="SPEAKER=PROFILE to hold the voice against.")
    ] = None,
    timelines: Annotated[
        Path | None, typer.Option("--timelines", help="timelines.json of the dub, to hold its phonemes against.")
    ] = None,
    engine: Engines = None,
    report: Annotated[Path | None, typer.Option("--report", help="Folder for qc.json and strips.")] = None,
    work: Work = None,
    json: Json = False,
) -> None:
    """Measure a finished film: sync, rest, closure, sharpness, voices, what was kept, and its marks."""
    from avsynth.pipeline.check import check as run
    from avsynth.pipeline.options import CheckOptions

    with terminal.progress_bars() as progress:
        options = CheckOptions(
            engines=terminal.pairs(engine or [], option="--engine"),
            report=report,
            work=work,
            progress=progress,
            original=original,
            script=script,
            text=text,
            language=language,
            audio=audio,
            voices={k: Path(v) for k, v in terminal.pairs(voice or [], option="--voice").items()},
            timelines=timelines,
        )
        made = run(film, options=options)
    terminal.show_report(made, json=json)


def _finish(made: Sequence[Any], *, json: bool, value: Any) -> None:
    if json:
        terminal.show_json(value)
    for result in made:
        terminal.show_failures(result.report)
        if not json:
            terminal.show_path(result.output)
    if not all(result.report.passed for result in made):
        raise typer.Exit(1)


def _needed(value: Any, option: str) -> Any:
    if value is None:
        raise InputError(f"{option} is missing; see avsynth dub --help")
    return value


def _seconds(text: str | None, *, option: str = "--duration") -> Any:
    try:
        return seconds(text) if text is not None else None
    except ValueError as error:
        raise InputError(f"{option}: {error}") from None


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
