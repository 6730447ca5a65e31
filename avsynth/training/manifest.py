"""What a network is trained on: files with their hashes, by part of the corpus, under a licence."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from avsynth.core.errors import InputError
from avsynth.core.files import read_text, sha256, write_text
from avsynth.core.serial import from_json, to_json


@dataclass(frozen=True)
class File:
    """One file of a manifest.

    Attributes:
        path: Relative to the manifest's folder, with forward slashes.
        sha256: Hash of its content.
    """

    path: str
    sha256: str

    def __post_init__(self) -> None:
        place = PurePosixPath(self.path)
        if place.is_absolute() or "\\" in self.path:
            raise InputError(f"a manifest names its files relative to itself, not {self.path!r}")


@dataclass(frozen=True)
class Item:
    """One example, or one file of many examples.

    Attributes:
        id: Its name, once in the manifest.
        split: ``train``, ``valid`` or ``test``.
        files: Its files by what they are.
        facts: What else is known of it, such as the speaker or the words.
    """

    id: str
    split: str
    files: dict[str, File]
    facts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.split not in ("train", "valid", "test"):
            raise InputError(f"{self.id}: split must be train, valid or test, not {self.split!r}")


@dataclass(frozen=True)
class Manifest:
    """All examples of one task.

    Attributes:
        corpus: Where they come from.
        licence: Under which they may be used.
        items: The examples.
    """

    corpus: str
    licence: str
    items: tuple[Item, ...]

    def __post_init__(self) -> None:
        names = [item.id for item in self.items]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"the manifest names {twice!r} twice; give every item its own id")

    def part(self, split: str) -> tuple[Item, ...]:
        """The items of one split."""
        return tuple(item for item in self.items if item.split == split)


def file_of(path: Path, *, manifest: Path) -> File:
    """Describe a file for a manifest that will lie at ``manifest``.

    Raises:
        InputError: The file cannot be read.
    """
    relative = Path(os.path.relpath(path.resolve(), manifest.resolve().parent))
    return File(relative.as_posix(), sha256(path))


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write a manifest, whole or not at all.

    Raises:
        OutputError: The file cannot be written.
    """
    write_text(path, to_json(manifest))


def read_manifest(path: Path, *, verify: bool = True) -> Manifest:
    """Read a manifest and hold its files against their hashes.

    Raises:
        InputError: It is no manifest, or a file is absent or another one.
    """
    manifest = from_json(read_text(path), Manifest, source=str(path))
    if verify:
        _verify(manifest.items, path)
    return manifest


def place_of(file: File, *, manifest: Path) -> Path:
    """Where a file of the manifest at ``manifest`` lies."""
    return manifest.parent / file.path


def _verify(items: Iterable[Item], path: Path) -> None:
    for item in items:
        for file in item.files.values():
            place = place_of(file, manifest=path)
            if not place.is_file():
                raise InputError(
                    f"{path.name} names {file.path}, which is not there; run the recipe's prepare.py again"
                )
            if sha256(place) != file.sha256:
                raise InputError(
                    f"{place} is not the file that {path.name} describes; run the recipe's prepare.py again"
                )
