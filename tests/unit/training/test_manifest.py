from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from avsynth.core.errors import InputError
from avsynth.training.manifest import File, Item, Manifest, file_of, place_of, read_manifest, write_manifest


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "media").mkdir()
    sound = tmp_path / "media" / "a.wav"
    sound.write_bytes(b"sound")
    path = tmp_path / "lists" / "corpus.json"
    item = Item("a", "train", {"audio": file_of(sound, manifest=path)}, {"words": "place red"})
    write_manifest(path, Manifest("drawn", "CC0-1.0", (item, replace(item, id="b", split="test"))))
    return path


def test_files_are_named_relative_to_the_manifest_and_found_again(manifest: Path, tmp_path: Path) -> None:
    read = read_manifest(manifest)
    (item,) = read.part("train")
    assert item.files["audio"].path == "../media/a.wav"
    assert place_of(item.files["audio"], manifest=manifest).read_bytes() == b"sound"
    assert item.facts == {"words": "place red"}
    assert [i.id for i in read.part("test")] == ["b"]
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for folder in ("media", "lists"):
        (tmp_path / folder).rename(moved / folder)
    assert read_manifest(moved / "lists" / "corpus.json") == read


def test_another_file_is_not_taken(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "media" / "a.wav").write_bytes(b"noise")
    with pytest.raises(InputError, match=r"is not the file .* prepare\.py"):
        read_manifest(manifest)
    assert read_manifest(manifest, verify=False).items
    (tmp_path / "media" / "a.wav").unlink()
    with pytest.raises(InputError, match=r"not there; .* prepare\.py"):
        read_manifest(manifest)


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(InputError, match="relative"):
        File("/etc/hosts", "0" * 64)
    with pytest.raises(InputError, match="train, valid or test"):
        Item("a", "dev", {})
    with pytest.raises(InputError, match="'a' twice"):
        Manifest("c", "l", (Item("a", "train", {}), Item("a", "test", {})))
