"""Speech that recipes start from: a corpus's recordings as they lie there, or what another recipe made of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.files import whole_file
from avsynth.media.read import read_audio
from avsynth.models.voice_mel import RATE
from avsynth.training.manifest import Item, file_of, place_of, read_manifest
from avsynth.voice.melody import Melody

LIBRISPEECH = Path("speech") / "librispeech_train"
_VALID_EVERY = 25
_MELODY, _SOUND = "melody", "sound"


def recordings(place: Path, *, output: Path) -> Iterator[Item]:
    """Recordings with their sound, for a manifest that will lie at ``output``.

    Args:
        place: A manifest of another recipe, or a folder of media with ``LIBRISPEECH`` in it.
        output: The manifest to come.
    """
    if place.is_file():
        for item in read_manifest(place, verify=False).items:
            files = {
                name: file_of(place_of(file, manifest=place), manifest=output) for name, file in item.files.items()
            }
            yield Item(item.id, item.split, files, item.facts)
        return
    for number, path in enumerate(sorted((place / LIBRISPEECH).glob("*.flac"))):
        facts = {"language": "en", "speaker": path.stem.split("-")[0], "kind": "recorded"}
        yield Item(path.stem, split(number), {_SOUND: file_of(path, manifest=output)}, facts)


def split(number: int) -> str:
    """Every 25th recording is kept for validation."""
    return "valid" if number % _VALID_EVERY == _VALID_EVERY - 1 else "train"


def read_mono(item: Item, *, manifest: Path) -> NDArray[np.float32]:
    """The sound of an item at ``RATE``, ``(N,)``."""
    return read_audio(place_of(item.files[_SOUND], manifest=manifest), sample_rate=RATE).mono()


def with_melody(item: Item, *, manifest: Path) -> Item:
    """An item with its melody in a file beside the manifest; measured once."""
    if _MELODY in item.files:
        return item
    folder = manifest.parent / f"{manifest.stem}-melodies"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{item.id}.npz"
    if not target.exists():
        melody = Melody.of(read_mono(item, manifest=manifest), sample_rate=RATE)
        with whole_file(target) as temporary, temporary.open("wb") as file:
            np.savez(file, f0_hz=melody.f0_hz, voiced=melody.voiced)
    return Item(item.id, item.split, item.files | {_MELODY: file_of(target, manifest=manifest)}, item.facts)


def read_melody(item: Item, *, manifest: Path) -> Melody:
    """What ``with_melody`` measured."""
    with np.load(place_of(item.files[_MELODY], manifest=manifest), allow_pickle=False) as data:
        return Melody(data["f0_hz"], data["voiced"])
