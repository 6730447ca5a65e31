"""Measures how mouths of GRID move and what is said meanwhile, and lists speech whose words are known.

python recipes/GRID/MouthMotion/prepare.py MEDIA -o motion.json

MEDIA holds talking/grid/*.mpg, talking/grid_s1/video/*.mpg, talking/grid_s1/align/*.align (word times),
speech/librispeech_train/*.flac and speech/transcripts_asr.tsv.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack
from avsynth.core.files import read_text
from avsynth.face.base import LANDMARKERS
from avsynth.face.track import track
from avsynth.lipsync.person import PersonMouth
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio
from avsynth.media.shots import detect_shots
from avsynth.text.espeak import speak
from avsynth.training.command import prepare
from avsynth.training.manifest import Item, file_of

SAME_MAN = "bbaf2n"  # the man of grid_s1
RATE = 16_000
ALIGN_RATE = 25_000  # units of *.align a second
WORDS: tuple[dict[str, str], ...] = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {},
    dict(
        zip(
            "z123456789",
            ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
            strict=True,
        )
    ),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)


def sentence(name: str) -> str:
    """What is said in a clip, of its file name.

    Example:
        >>> sentence("bbaf2n")
        'bin blue at F two now'
    """
    return " ".join(words.get(letter, letter.upper()) for words, letter in zip(WORDS, name, strict=True))


def _items(media: Path, output: Path) -> Iterator[Item]:
    yield from _faces(media / "talking", output)
    yield from _voices(media / "speech", output)


def _faces(media: Path, output: Path) -> Iterator[Item]:
    """Clips person by person, since a person's range is learnt from all of theirs."""
    people: dict[str, list[Path]] = {}
    for path in (*sorted(media.glob("grid/*.mpg")), *sorted(media.glob("grid_s1/video/*.mpg"))):
        same = path.parent.name == "video" or path.stem == SAME_MAN
        people.setdefault("s1" if same else path.stem, []).append(path)
    engine = LANDMARKERS.get("facemesh")()
    for person, paths in people.items():
        tracks = []
        for path in paths:
            faces = track(path, shots=detect_shots(path), landmarker=engine)
            if not faces:
                raise InputError(f"{path} shows no face")
            tracks.append(max(faces, key=len))
            sys.stderr.write(f"{path.name}: {len(tracks[-1])} frames\n")
        mouth = PersonMouth.learn([(face, face.visible) for face in tracks])
        for path, face in zip(paths, tracks, strict=True):
            yield _item(path, face, mouth, person, output)


def _item(path: Path, face: FaceTrack, mouth: PersonMouth, person: str, output: Path) -> Item:
    rate = require_video(probe(path)).frame_rate
    target = output.parent / f"{output.stem}-clips" / f"{person}-{path.stem}.npz"
    target.parent.mkdir(parents=True, exist_ok=True)
    spans = _words(path.parents[1] / "align" / f"{path.stem}.align")
    np.savez_compressed(
        target,
        motion=mouth.read(face, frame_rate=rate).coefficients,
        opening=face.layout.mouth_opening(face.landmarks_px),
        width=face.layout.mouth_width(face.landmarks_px),
        seen=face.visible,
        start=face.start,
        frame_rate=str(rate),
        sound=np.round(read_audio(path, sample_rate=RATE).mono() * 32767).clip(-32768, 32767).astype(np.int16),
        symbols=np.array([symbol for symbol, _, _ in spans], dtype=str),
        spans=np.array([(start, end) for _, start, end in spans]).reshape(-1, 2),
    )
    facts = {"person": person, "words": sentence(path.stem)}
    return Item(target.stem, "train", {"clip": file_of(target, manifest=output)}, facts)


def _words(path: Path) -> list[tuple[str, float, float]]:
    """Phonemes in seconds: espeak-ng's of each word, spread over the word's time in the corpus."""
    spans: list[tuple[str, float, float]] = []
    for line in read_text(path).splitlines() if path.exists() else ():
        start, end, word = line.split()
        if word not in ("sil", "sp"):
            first, last = int(start) / ALIGN_RATE, int(end) / ALIGN_RATE
            spans += [(s, first + a * (last - first), first + b * (last - first)) for s, a, b in _shares(word)]
    return spans


@cache
def _shares(word: str) -> tuple[tuple[str, float, float], ...]:
    """Phonemes of a word and the share of its time at which each begins and ends."""
    spoken = speak(word.upper() if len(word) == 1 else word, language="en-gb").phonemes
    first, length = spoken[0].span.start, spoken[-1].span.end - spoken[0].span.start
    share = [((p.span.start - first) / length, (p.span.end - first) / length) for p in spoken]
    return tuple((p.symbol, float(a), float(b)) for p, (a, b) in zip(spoken, share, strict=True))


def _voices(media: Path, output: Path) -> Iterator[Item]:
    table = media / "transcripts_asr.tsv"
    if not table.exists():
        return
    lines = read_text(table).splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    for row in rows:
        path = media / row["path"]
        if row["path"].startswith("librispeech_train/") and path.exists():
            facts = {"words": row["text"], "person": path.stem.split("-")[0]}
            yield Item(path.stem, "train", {"sound": file_of(path, manifest=output)}, facts)


main = partial(
    prepare,
    _items,
    about=str(__doc__),
    corpus="GRID (Cooke et al. 2006) and LibriSpeech train-clean-100 (Panayotov et al. 2015)",
    wanted="neither talking/grid nor speech/librispeech_train",
)

if __name__ == "__main__":
    sys.exit(main())
