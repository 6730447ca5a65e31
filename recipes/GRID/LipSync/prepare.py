"""Makes pairs of drawn and filmed mouths: people are put back into their own films from other parts of them.

python recipes/GRID/LipSync/prepare.py MEDIA -o pairs.json      MEDIA holds grid/*.mpg and grid_s1/video/*.mpg
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack
from avsynth.face.base import LANDMARKERS, Landmarker
from avsynth.face.gates import judge
from avsynth.face.track import track
from avsynth.lipsync.backends.footage import FootageRenderer
from avsynth.lipsync.base import Footage
from avsynth.lipsync.lips import TYPICAL_DEVIATION, features
from avsynth.lipsync.plan import Plan
from avsynth.lipsync.refine import SIZE, sketch, truth
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_frames
from avsynth.media.shots import detect_shots
from avsynth.training.command import prepare
from avsynth.training.manifest import Item, file_of

HELD_OUT = ("brbk7n", "sbia1a")  # these people are never trained on
SAME_MAN = "bbaf2n"  # the man of grid_s1
STRIDE = 3  # neighboring frames are nearly the same picture
SPLITS = (0.4, 0.6)  # a lone clip is cut here, and each side is drawn from the other


@dataclass(frozen=True)
class Clip:
    """One film with its face."""

    path: Path
    face: FaceTrack
    usable: NDArray[np.bool_]

    def part(self, start: int, end: int) -> Footage:
        """The frames ``[start, end)`` as footage."""
        first = self.face.start
        return Footage(self.path, self.face.cut(start, end), self.usable[start - first : end - first])


def _items(media: Path, output: Path) -> Iterator[Item]:
    engine: Landmarker = LANDMARKERS.get("facemesh")()
    folder = output.parent / f"{output.stem}-pairs"
    folder.mkdir(parents=True, exist_ok=True)
    root = media / "talking" if (media / "talking").is_dir() else media
    for path in sorted(root.glob("grid/*.mpg")):
        if path.stem == SAME_MAN:
            continue
        clip = _clip(path, engine)
        yield _write(folder / f"{path.stem}.npz", list(_halves(clip)), output, path.stem)
    clips = [(path, _clip(path, engine)) for path in sorted(root.glob("grid_s1/video/*.mpg"))]
    for held in (False, True):
        group = [clip for i, (_, clip) in enumerate(clips) if (i % 10 in (0, 6)) is held]
        for i, clip in enumerate(group):
            bank = [group[(i + step) % len(group)] for step in ((1, 2, 3) if i % 2 else (1,))]
            pairs = [_pairs([b.part(b.face.start, b.face.end) for b in bank if b is not clip] or [], clip)]
            yield _write(folder / f"s1-{clip.path.stem}.npz", pairs, output, "s1", held=held)


def _clip(path: Path, engine: Landmarker) -> Clip:
    faces = track(path, shots=detect_shots(path), landmarker=engine)
    if not faces:
        raise InputError(f"{path} shows no face")
    face = max(faces, key=len)
    video = require_video(probe(path))
    sys.stderr.write(f"{path.name}: {len(face)} frames\n")
    return Clip(path, face, judge(face, frame_size=(video.height, video.width)).usable)


def _halves(clip: Clip) -> Iterator[dict[str, NDArray[np.generic]]]:
    """Each side of a lone clip drawn from the other."""
    first, last = clip.face.start, clip.face.end
    for share in SPLITS:
        border = first + round(share * (last - first))
        yield _pairs([clip.part(first, border)], clip, border, last, stride=1)
        yield _pairs([clip.part(border, last)], clip, first, border, stride=1)


def _pairs(
    bank: list[Footage], clip: Clip, start: int | None = None, end: int | None = None, *, stride: int = STRIDE
) -> dict[str, NDArray[np.generic]]:
    """Draw frames of a clip from other footage of the same person, moved by their true lips."""
    start, end = start or clip.face.start, end or clip.face.end
    renderer = FootageRenderer()
    renderer.prepare(bank or [clip.part(start, end)])
    wanted = clip.part(start, end)
    rate = require_video(probe(clip.path)).frame_rate
    motion = renderer.person.follow(wanted.track, frame_rate=rate)
    rows: list[tuple[NDArray[np.generic], ...]] = []
    for frames in read_frames(clip.path, start=start, end=end, chunk=8):
        for patch, plan in renderer.render_planned(frames, track=wanted.track, motion=motion):
            if wanted.usable[patch.frame - start] and patch.frame % stride == 0:
                seen = sketch(frames, patch, plan=plan, bank=renderer.bank, points=renderer.person.points)
                rows.append((seen.stack(), truth(frames, patch, plan=plan), _lips(plan, patch.frame, renderer)))
    shapes = (SIZE, SIZE, 13), (SIZE, SIZE, 3), (len(TYPICAL_DEVIATION),)
    stacked = [np.stack([r[i] for r in rows]) if rows else np.empty((0, *shape)) for i, shape in enumerate(shapes)]
    return {"sketch": stacked[0].astype(np.uint8), "truth": stacked[1].astype(np.uint8), "lips": stacked[2]}


def _lips(plan: Plan, frame: int, renderer: FootageRenderer) -> NDArray[np.float32]:
    """The true lips' measures, about the person's own middle, in typical deviations."""
    row, person = frame - plan.start, renderer.person
    seen = features(plan.placed.mouth[row : row + 1], points=person.points)[0]
    return np.asarray((seen - person.middle) / TYPICAL_DEVIATION, np.float32)


def _write(
    path: Path, pairs: list[dict[str, NDArray[np.generic]]], output: Path, person: str, *, held: bool | None = None
) -> Item:
    joined: dict[str, Any] = {name: np.concatenate([part[name] for part in pairs]) for name in pairs[0]}
    np.savez_compressed(path, **joined)
    held = person in HELD_OUT if held is None else held
    split = "test" if held and person != "s1" else "valid" if held else "train"
    facts = {"person": person, "pairs": str(len(joined["truth"]))}
    return Item(path.stem, split, {"pairs": file_of(path, manifest=output)}, facts)


main = partial(
    prepare,
    _items,
    about=str(__doc__),
    corpus="GRID (Cooke et al. 2006)",
    wanted="no grid/*.mpg and no grid_s1/video/*.mpg",
)

if __name__ == "__main__":
    sys.exit(main())
