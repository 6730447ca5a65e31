"""Cards: what a weight file is, where it comes from, under which licence, and what it is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import avsynth
from avsynth.core.errors import InputError, ModelError
from avsynth.core.settings import read_settings

Kind = Literal["wheel", "repo", "url", "hub", "path", "user"]
Format = Literal["safetensors", "pt", "tflite", "onnx", "png", "npz"]

_REQUIRED: dict[str, tuple[str, ...]] = {
    "wheel": ("package", "version", "member", "wheel_sha256"),
    "repo": ("file",),
    "url": ("url",),
    "hub": ("repository", "revision", "file"),
    "path": ("file",),
    "user": ("url",),
}


@dataclass(frozen=True)
class Source:
    """Where a file is obtained.

    Attributes:
        kind: ``wheel`` a file inside a pinned pip package; ``repo`` a file beside its card; ``url`` an https
            address; ``hub`` a file of a Hugging Face repository; ``path`` a file on this machine; ``user`` a file
            that only the user can get, from the page ``url``, and hands over with ``avsynth models add``.
        package: Name of the pip package, for ``wheel``.
        version: Its exact version.
        member: Path of the file inside the wheel.
        wheel_sha256: Hash of the wheel.
        python: Python version whose wheel is taken, such as ``"3.11"``; empty where the wheel fits all.
        platform: Platform tag of that wheel, such as ``"manylinux_2_28_x86_64"``; any machine may unpack it.
        url: The address, for ``url``, or the publisher's page, for ``user``.
        repository: ``owner/name``, for ``hub``.
        revision: Full commit hash, for ``hub``.
        file: Name beside the card (``repo``), in the repository (``hub``), or an absolute path (``path``).
    """

    kind: Kind
    package: str = ""
    version: str = ""
    member: str = ""
    wheel_sha256: str = ""
    python: str = ""
    platform: str = ""
    url: str = ""
    repository: str = ""
    revision: str = ""
    file: str = ""

    def __post_init__(self) -> None:
        for name in _REQUIRED[self.kind]:
            if not getattr(self, name):
                raise InputError(f"a source of kind {self.kind!r} must name its {name!r}")
        if self.url and not self.url.startswith("https://"):
            raise InputError(f"weights are fetched over https only, not from {self.url!r}")
        if self.kind == "hub" and not re.fullmatch(r"[0-9a-f]{40}", self.revision):
            raise InputError(f"a hub source is pinned to a full commit hash, not to {self.revision!r}")

    @property
    def filename(self) -> str:
        """The file's own name, without folders."""
        return Path(self.member or self.file or self.url).name


@dataclass(frozen=True)
class Port:
    """One input or output of a network: its name, shape (axis letters or numbers) and what it means."""

    name: str
    shape: tuple[str, ...]
    meaning: str
    rate_hz: int | None = None


@dataclass(frozen=True)
class Card:
    """Everything a person must know about a weight file before using it.

    Attributes:
        name: ``task/name``, the card's place under ``pretrained/``.
        title: One line for a list.
        architecture: The network.
        format: The file's format.
        source: Where it is obtained.
        sha256: Hash of the file; empty only for a source of kind ``user``, whose file is known from when it was added.
        bytes: Size of the file; 0 where it is not known either.
        licence: SPDX expression or words, as its publisher states it.
        licence_source: Where the publisher states it.
        datasets: What it was trained on, as far as is published.
        recipe: The recipe here that trained it, or who did.
        intended_use: What it is for.
        out_of_scope: What it must not be used for.
        inputs: What goes in.
        outputs: What comes out.
        state_key: Where in a ``.pt`` file the state dict lies; empty for the file itself.
        figures: What was measured of it, one line each, as the recipe printed it.
        restricted: Its license forbids some uses, such as commercial ones: it must be accepted before the first use.
    """

    name: str
    title: str
    architecture: str
    format: Format
    source: Source
    sha256: str
    bytes: int
    licence: str
    licence_source: str
    datasets: tuple[str, ...]
    recipe: str
    intended_use: str
    out_of_scope: str
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    state_key: str = ""
    figures: tuple[str, ...] = ()
    restricted: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9_]+/[a-z0-9._-]+", self.name):
            raise InputError(f"a card is called task/name, in small letters, not {self.name!r}")
        unknown = self.source.kind == "user" and not self.sha256
        if not unknown and not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise InputError(f"sha256 must be 64 hex digits, got {self.sha256!r}")


def card_folders() -> tuple[Path, ...]:
    """Where cards lie: in the installed package, or in ``pretrained/`` of the source tree."""
    package = Path(avsynth.__file__).parent
    return tuple(folder for folder in (package / "pretrained", package.parent / "pretrained") if folder.is_dir())


def read_card(path: Path) -> Card:
    """Read one card.

    Raises:
        InputError: The file is no card, or its name is not its place.
    """
    card = read_settings(path, Card)
    if card.name != f"{path.parent.name}/{path.stem}":
        raise InputError(f"{path} says it is {card.name!r}; a card's name is its place: task/name.toml")
    return card


@cache
def _all_cards() -> dict[str, tuple[Card, Path]]:
    found: dict[str, tuple[Card, Path]] = {}
    for folder in card_folders():
        for path in sorted(folder.glob("*/*.toml")):
            card = read_card(path)
            found.setdefault(card.name, (card, path))
    return found


def cards() -> tuple[Card, ...]:
    """Every card, sorted by name."""
    found = _all_cards()
    return tuple(found[name][0] for name in sorted(found))


def find_card(name: str) -> Card:
    """Look a card up.

    Raises:
        ModelError: No card has that name.

    Example:
        >>> find_card("landmarks/attention-mesh").format
        'tflite'
    """
    found = _all_cards()
    if name not in found:
        raise ModelError(f"no weights named {name!r}; there are: {', '.join(sorted(found)) or 'none'}")
    return found[name][0]


def folder_of(card: Card) -> Path | None:
    """The folder a listed card lies in; None for a card that was made in code."""
    entry = _all_cards().get(card.name)
    return entry[1].parent if entry is not None and entry[0] == card else None
