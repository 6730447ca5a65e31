"""Licenses that a person must accept before weights are used: who did so here, for which file, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from avsynth.core.consent import today
from avsynth.core.errors import ModelError
from avsynth.core.files import read_text, write_text
from avsynth.core.serial import from_json, to_json
from avsynth.models.card import Card


@dataclass(frozen=True)
class Acceptance:
    """That a license was accepted on this machine, and for which file.

    Attributes:
        card: Name of the card.
        licence: Its license in the words that were accepted; where the card's words change, it must be accepted anew.
        accepted: When.
        sha256: Hash of the file; of a file that only its user can bring, this is where it is known from.
        bytes: Its size.
    """

    card: str
    licence: str
    accepted: date
    sha256: str
    bytes: int


def record_place(card: Card, *, home: Path) -> Path:
    """The file an acceptance is kept in."""
    return home / "licenses" / f"{card.name}.json"


def accepted(card: Card, *, home: Path) -> Acceptance | None:
    """The acceptance that holds for a card; None where there is none, or for other words or another file.

    Args:
        card: The card.
        home: The folder of records and weights.

    Raises:
        InputError: The record is damaged.
    """
    place = record_place(card, home=home)
    if not place.is_file():
        return None
    record = from_json(read_text(place), Acceptance, source=str(place))
    same_file = not card.sha256 or record.sha256 == card.sha256
    return record if (record.card, record.licence) == (card.name, card.licence) and same_file else None


def accept(card: Card, *, home: Path, sha256: str, size: int) -> Acceptance:
    """Write down that the card's license was accepted today for a file.

    Args:
        card: The card.
        home: The folder of records and weights.
        sha256: Hash of the file.
        size: Its size in bytes.

    Raises:
        OutputError: The record cannot be written.
    """
    record = Acceptance(card.name, card.licence, today(), sha256, size)
    write_text(record_place(card, home=home), to_json(record))
    return record


def refuse(card: Card) -> ModelError:
    """The one line that says what to do before restricted weights can be used."""
    terms = f"{card.licence} ({card.licence_source})"
    if card.source.kind == "user":
        return ModelError(
            f"the weights of {card.name} are not here: {terms}; get the file from {card.source.url}, and if you accept "
            f"that, run: avsynth models add {card.name} FILE --accept-license"
        )
    return ModelError(
        f"the weights of {card.name} are restricted: {terms}; if you accept that, run: "
        f"avsynth models fetch {card.name} --accept-license"
    )
