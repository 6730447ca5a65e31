"""The commands under `avsynth models`: where the weights come from, and whether they are the right ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from avsynth import terminal

app = typer.Typer(help="The weights: where they come from, and whether they are the right ones.")
Json = Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")]


@app.command("list")
def list_cards(json: Json = False) -> None:
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
        size = f"{card.bytes / 1e6:.1f} MB" if card.bytes else "?"
        shown.add_row(card.name, card.licence, size, "yes" if here else "no")
    terminal.out.print(shown)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The card, such as lipsync/wav2lip.")],
    file: Annotated[Path, typer.Argument(help="The file, got from its publisher.")],
    accept_license: Annotated[bool, typer.Option("--accept-license", help="You have read it and agree.")] = False,
) -> None:
    """Hand over a weight file that only you can get, and accept its license."""
    from avsynth.models import hub

    terminal.show_path(hub.add(name, file, license_accepted=accept_license))


@app.command("fetch")
def fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Cards; else all that are not restricted.")] = None,
    accept_license: Annotated[bool, typer.Option("--accept-license", help="Of the named, restricted ones.")] = False,
) -> None:
    """Obtain weights and check their hashes."""
    from avsynth.models import hub

    for name in (names or []) if accept_license else []:
        hub.accept_license(name)
    chosen = [hub.find_card(name) for name in names] if names else hub.fetchable()
    with terminal.progress_bars() as progress:
        for index, card in enumerate(chosen):
            progress("fetching weights", index, len(chosen))
            hub.obtain(card)


@app.command("verify")
def verify(json: Json = False) -> None:
    """Check the hash of every weight that is here."""
    from avsynth.models import hub

    here = [card for card in hub.cards() if hub.is_present(card)]
    for card in here:
        hub.verify(card)
    if json:
        terminal.show_json([card.name for card in here])
    else:
        terminal.out.print(f"{len(here)} weights are the ones their cards describe")
