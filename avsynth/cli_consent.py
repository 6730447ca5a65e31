"""The commands under `avsynth consent`: records of what people allow to be done with their voice and face."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from avsynth import terminal
from avsynth.core.consent import kinds_of
from avsynth.core.errors import InputError
from avsynth.core.serial import to_plain

app = typer.Typer(help="Records of what people allow to be done with their voice and face.")
Json = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]


@app.command("new")
def new(
    speaker: Annotated[str, typer.Option("--speaker", help="Whose voice or face.")],
    kind: Annotated[str, typer.Option("--kind", help="voice, likeness, or both: voice,likeness.")],
    language: Annotated[str, typer.Option("--language", "-l", help="Tags with commas, or any.")],
    project: Annotated[str, typer.Option("--project", help="The production, or any.")],
    expires: Annotated[str, typer.Option("--expires", help="Last day, such as 2027-03-01.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to make.")],
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


@app.command("verify")
def verify(file: Annotated[Path, typer.Argument(help="The record.")], json: Json = False) -> None:
    """Check that a record is whole and holds today."""
    from avsynth.provenance.consent import verify_consent

    record = verify_consent(file).consent
    if json:
        terminal.show_json({**to_plain(record), "digest": record.digest, "holds": True})
    else:
        scope = f"{', '.join(record.kinds)} in {', '.join(record.languages)} for {record.project}"
        terminal.out.print(f"{record.speaker}: {scope}, until {record.expires}", markup=False)


@app.command("revoke")
def revoke(
    file: Annotated[Path, typer.Argument(help="The record.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the file.")] = "withdrawn by the speaker",
) -> None:
    """Withdraw a consent: the record and every copy of it are refused from now on."""
    from avsynth.provenance.consent import revoke_consent

    revoke_consent(file, reason=reason)
    terminal.show_path(file)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--expires {text}: write a day such as 2027-03-01") from None
