"""Measures how far mouths are open in GRID clips, and what is heard meanwhile.

python recipes/GRID/SyncJudge/prepare.py MEDIA -o clips.json      MEDIA holds grid/*.mpg and grid_s1/video/*.mpg
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from avsynth.core.errors import InputError
from avsynth.face.base import LANDMARKERS, Landmarker
from avsynth.face.track import track
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio
from avsynth.media.shots import detect_shots
from avsynth.metrics.cepstra import cepstra
from avsynth.training.command import prepare
from avsynth.training.manifest import Item, file_of

SAME_MAN = "bbaf2n"  # the man of grid_s1


def _items(media: Path, output: Path) -> Iterator[Item]:
    """The lone clips and every second sentence of grid_s1, in the order of their names, train; the others test."""
    engine: Landmarker = LANDMARKERS.get("facemesh")()
    folder = output.parent / f"{output.stem}-openings"
    folder.mkdir(parents=True, exist_ok=True)
    root = media / "talking" if (media / "talking").is_dir() else media
    for path in sorted(root.glob("grid/*.mpg")):
        person = "s1" if path.stem == SAME_MAN else path.stem
        yield _item(path, engine, folder / f"{path.stem}.npz", output, {"person": person, "split": "train"})
    for index, path in enumerate(sorted(root.glob("grid_s1/video/*.mpg"))):
        facts = {"person": "s1", "split": "train" if index % 2 else "test"}
        yield _item(path, engine, folder / f"s1-{path.stem}.npz", output, facts)


def _item(path: Path, engine: Landmarker, target: Path, output: Path, facts: dict[str, str]) -> Item:
    rate = require_video(probe(path)).frame_rate
    faces = track(path, shots=detect_shots(path), landmarker=engine)
    if not faces:
        raise InputError(f"{path} shows no face")
    face = max(faces, key=len)
    sys.stderr.write(f"{path.name}: {len(face)} frames\n")
    np.savez_compressed(
        target,
        opening=face.layout.mouth_opening(face.landmarks_px),
        seen=face.visible,
        start=face.start,
        frame_rate=str(rate),
        cepstra=cepstra(read_audio(path)),
    )
    return Item(target.stem, facts["split"], {"opening": file_of(target, manifest=output)}, {"person": facts["person"]})


main = partial(
    prepare,
    _items,
    about=str(__doc__),
    corpus="GRID (Cooke et al. 2006)",
    wanted="no grid/*.mpg and no grid_s1/video/*.mpg",
)

if __name__ == "__main__":
    sys.exit(main())
