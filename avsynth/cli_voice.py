"""The commands under `avsynth voice`: what is in a profile, deleting it, and withdrawing its consent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from avsynth import terminal
from avsynth.core.errors import InputError
from avsynth.core.serial import to_plain
from avsynth.core.span import Span, seconds

app = typer.Typer(help="Voice profiles: what is in them, deleting them, and withdrawing their consent.")
Profile = Annotated[Path, typer.Argument(help="Profile made by avsynth enroll.")]
Json = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]


def spans_of(values: Sequence[str], *, sources: Sequence[Path]) -> dict[Path, list[Span]]:
    """Read ``[FILE=]START-END``.

    Raises:
        InputError: No time, or several files and none named.

    Example:
        >>> spans_of(["1.5-00:01:02"], sources=[Path("a.wav")])[Path("a.wav")]
        [Span(start=Fraction(3, 2), end=Fraction(62, 1))]
    """
    read: dict[Path, list[Span]] = {}
    for value in values:
        name, equals, times = value.rpartition("=")
        if not equals and len(sources) > 1:
            raise InputError(f"--span {value}: with several recordings, write it as FILE=START-END")
        start, _, end = times.partition("-")
        try:
            span = Span(seconds(start), seconds(end))
        except ValueError:
            raise InputError(f"--span {value}: write it as START-END, such as 12.5-31 or 00:01:02-00:01:30") from None
        read.setdefault(Path(name) if equals else sources[0], []).append(span)
    return read


@app.command("show")
def show(file: Profile, json: Json = False) -> None:
    """Show what a profile holds and whether it may speak."""
    from avsynth.pipeline.profiles import show_voice

    found = show_voice(file)
    if json:
        terminal.show_json(to_plain(found))
        return
    consent = found.consent
    rows = {
        "speaker": found.speaker,
        "speech": f"{found.speech_seconds:.1f} s of {len(found.recordings)} recording(s)",
        "sample kept": f"{found.sample_seconds:.1f} s as a spectrogram, {found.prompt_seconds:.1f} s as sound",
        "pitch": f"{found.f0_median_hz:.0f} Hz",
        "fitted": "yes" if found.fitted else "no",
        "consent": f"{', '.join(consent.languages)} for {consent.project}, until {consent.expires}",
        "may speak": f"no: {found.refusal}" if found.refusal else "yes",
    }
    for name, value in rows.items():
        terminal.out.print(f"{name:<12} {value}", markup=False)


@app.command("delete")
def delete(file: Profile) -> None:
    """Delete a profile. Copies of it elsewhere stay: avsynth voice revoke stops them too."""
    from avsynth.pipeline.profiles import delete_voice

    delete_voice(file)
    terminal.show_path(file)
    terminal.log.print("note: copies of the file and backups are not reached; to stop those, revoke the consent")


@app.command("revoke")
def revoke(
    file: Profile,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the file.")] = "withdrawn by the speaker",
) -> None:
    """Withdraw the consent in a profile: it and every copy of it refuse to speak from now on."""
    from avsynth.pipeline.profiles import revoke_voice

    revoke_voice(file, reason=reason)
    terminal.show_path(file)
