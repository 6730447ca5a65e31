"""Puts people's own mouths back into the end of their clips and writes down how near they come to the truth.

    python recipes/GRID/LipSync/evaluate.py [CLIP ...]                  every case of every clip, into the table
    python recipes/GRID/LipSync/evaluate.py CLIP --strips OUT.png       a picture of them instead

Without clips: `talking/studio_demo3.mp4` and `talking/grid/*.mpg` of $AVSYNTH_TEST_MEDIA. Rows of the measured clips
and cases in `results.csv` are replaced, the others stay, and the table of `README.md` is written from it. Nothing else
writes either. The words of a clip are taken from `CLIP.txt` beside it, from `--transcripts FOLDER` (`.txt` or GRID's
`.align`), or from its name, where that is one of GRID's; without words the method `words` is left out.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from avsynth import __version__
from avsynth.core.errors import AvsynthError, InputError
from avsynth.core.files import read_text, whole_file, write_text
from avsynth.core.media import Frames, VideoStream, pixel_format
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio, read_frames
from avsynth.media.write import EncodeSettings, FilmWriter, mux
from avsynth.metrics.reenactment import Case, Person, ReenactmentScores, find_person, reenact_self
from avsynth.metrics.strips import draw_strips

FOLDER = Path(__file__).parent
REPOSITORY = FOLDER.parents[2]
BEGIN, END = "<!-- results.csv begins -->", "<!-- results.csv ends -->"

# Column of results.csv, heading in README.md, format.
MEASURES = (
    ("frames", "frames", "d"),
    ("psnr_db", "PSNR, dB", ".2f"),
    ("ssim", "SSIM", ".3f"),
    ("lmd", "LMD", ".4f"),
    ("opening_r", "opening r", ".3f"),
    ("width_r", "width r", ".3f"),
    ("motion_ratio", "motion ratio", ".3f"),
    ("sharpness_ratio", "sharpness ratio", ".3f"),
    ("flicker", "flicker", ".2f"),
    ("seam", "seam", ".2f"),
    ("sync_r", "sync r", ".2f"),
    ("sync_offset", "sync offset, s", ".2f"),
    ("sync_confidence", "sync confidence", ".2f"),
    ("leak", "moving in silence", ".3f"),
    ("closure", "closure", ".2f"),
)
KEYS = ("clip", "case", "renderer", "method")
YAW = ("yaw_low", "yaw_high")
COLUMNS = (*KEYS, *(name for name, _, _ in MEASURES), *YAW, "command", "date", "avsynth")
BEFORE_CASES = {"case": "whole", "renderer": "footage"}  # what rows were of that do not say it
PICTURES = 8

Row = dict[str, str]


@dataclass(frozen=True)
class Setting:
    """One case of the table: how much of the clip mouths are taken from, and how small the film is made first."""

    name: str
    bank_seconds: Fraction | None = None
    scale: int = 1


SETTINGS = (
    Setting("whole"),
    Setting("3 s", bank_seconds=Fraction(3)),
    Setting("still", bank_seconds=Fraction(0)),
    Setting("half size", scale=2),
)


def rows_of(scores: ReenactmentScores, *, case: str, renderer: str, command: str) -> list[Row]:
    """One row of ``results.csv`` a method."""
    told = {"command": command, "date": datetime.now(UTC).date().isoformat(), "avsynth": __version__}
    yaw = {name: str(round(value)) for name, value in zip(YAW, scores.yaw, strict=True)}
    return [
        {"clip": scores.film.name, "case": case, "renderer": renderer, "method": made.method}
        | {name: _number(getattr(made, name), form) for name, _, form in MEASURES}
        | yaw
        | told
        for made in scores.methods
    ]


def _number(value: float | None, form: str) -> str:
    """What was not measured stays empty."""
    return "" if value is None else format(value, form)


def read_rows(folder: Path = FOLDER) -> list[Row]:
    """The rows of ``results.csv``; none where there is no such file."""
    path = folder / "results.csv"
    if not path.exists():
        return []
    return [dict.fromkeys(COLUMNS, "") | BEFORE_CASES | row for row in csv.DictReader(StringIO(read_text(path)))]


def table(rows: Iterable[Row]) -> str:
    """The rows as a table in Markdown, in the order of ``results.csv``."""
    heads = (*KEYS, *(heading for _, heading, _ in MEASURES), "yaw, degrees")
    lines = [heads, ["---" for _ in KEYS] + ["---:" for _ in (*MEASURES, "yaw")]]
    for row in rows:
        yaw = " to ".join(row[name] for name in YAW if row[name])
        lines.append([*(row[name] for name in KEYS), *(row[name] for name, _, _ in MEASURES), yaw])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_results(rows: Sequence[Row], *, folder: Path = FOLDER) -> None:
    """Write ``results.csv``, and the table between the markers of ``README.md``."""
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "results.csv", text.getvalue())
    readme = folder / "README.md"
    before, _, rest = read_text(readme).partition(BEGIN)
    after = rest.partition(END)[2]
    write_text(readme, f"{before}{BEGIN}\n\n{table(rows)}\n\n{END}{after}")


def default_clips() -> list[Path]:
    """The clips the published table is made of.

    Raises:
        InputError: They are not there.
    """
    media = Path(os.environ.get("AVSYNTH_TEST_MEDIA") or REPOSITORY.parent / "shared" / "media") / "talking"
    clips = [*media.glob("studio_demo3.mp4"), *sorted(media.glob("grid/*.mpg"))]
    if not clips:
        raise InputError(f"no clips in {media}; set AVSYNTH_TEST_MEDIA to their folder, or name clips")
    return clips


# ---------------------------------------------------------------------------------------------------- words

_GRID = re.compile(r"([bpls])([bgrw])([abiw])([a-vx-z])([0-9z])([anps])")
_DIGITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_WORDS: tuple[dict[str, str], ...] = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {},
    dict(
        zip("z123456789", ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], strict=True)
    ),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)


def grid_words(name: str) -> str | None:
    """What is said in a GRID clip, by its name.

    >>> grid_words("bbaf2n")
    'bin blue at f two now'
    """
    found = _GRID.fullmatch(name)
    if found is None:
        return None
    return " ".join(words.get(letter, letter) for words, letter in zip(_WORDS, found.groups(), strict=True))


def transcript_of(clip: Path, *, folder: Path | None) -> str | None:
    """The words of a clip, where they are known."""
    beside = [clip.with_suffix(".txt")]
    beside += [folder / f"{clip.stem}{suffix}" for suffix in (".txt", ".align")] if folder is not None else []
    for path in beside:
        if path.is_file():
            text = read_text(path)
            return align_words(text) if path.suffix == ".align" else text
    return grid_words(clip.stem) if clip.suffix == ".mpg" else None


def align_words(text: str) -> str:
    r"""The words of a GRID ``.align`` file: ``start end word`` in each line.

    >>> align_words("0 13750 sil\n13750 20000 place\n20000 26000 blue\n")
    'place blue'
    """
    words = [line.split()[2] for line in text.splitlines() if len(line.split()) == 3]
    return " ".join(word for word in words if word not in ("sil", "sp"))


# --------------------------------------------------------------------------------------------------- smaller


def shrink(film: Path, folder: Path, *, by: int) -> Path:
    """The film at ``1 / by`` of its size, all but lossless, with its sound."""
    info = probe(film)
    video = require_video(info)
    small = replace(video, width=video.width // by // 2 * 2, height=video.height // by // 2 * 2)
    silent = folder / "silent.mp4"
    with FilmWriter(silent, like=small, settings=EncodeSettings(preset="veryfast", crf=4)) as writer:
        for frames in read_frames(film):
            writer.write(_smaller(frames, small))
    target = folder / f"{film.stem}.mkv"
    sound = read_audio(film) if info.audio else None
    mux(target, segments=[silent], sound=sound, language="und", like=replace(info, video=small))
    return target


def _smaller(frames: Frames, video: VideoStream) -> Frames:
    layout = pixel_format(frames.pixel_format)
    planes = []
    for number, plane in enumerate(frames.planes):
        height, width = layout.plane_shape(number, video.height, video.width)
        planes.append(
            np.stack([cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA) for picture in plane])
        )
    return replace(frames, planes=tuple(planes))


# --------------------------------------------------------------------------------------------------- measure


def measured(clip: Path, *, given: argparse.Namespace) -> Iterator[tuple[Setting, ReenactmentScores]]:
    """Every chosen case of a clip that can be measured; of the others it is said on stderr why not."""
    transcript = transcript_of(clip, folder=given.transcripts)
    case = Case(methods=tuple(given.methods), transcript=transcript, language=given.language)
    person = find_person(clip)
    for setting in chosen(given):
        wanted = replace(case, bank_seconds=setting.bank_seconds, pictures=PICTURES if given.strips else 0)
        try:
            yield setting, _one(person, setting, wanted, given=given)
        except InputError as error:
            sys.stderr.write(f"{clip.name}, {setting.name}: not measured: {error}\n")


def _one(person: Person, setting: Setting, case: Case, *, given: argparse.Namespace) -> ReenactmentScores:
    video = require_video(person.info)
    if (setting.bank_seconds or 0) * video.frame_rate >= video.frame_count * given.split:
        raise InputError("the clip has no more than that before the split, so it is the whole case")
    if setting.scale == 1:
        return reenact_self(person, split=given.split, renderer=given.renderer, case=case)
    with TemporaryDirectory() as folder:
        small = shrink(person.film, Path(folder), by=setting.scale)
        scores = reenact_self(small, split=given.split, renderer=given.renderer, case=case)
    return replace(scores, film=person.film)


def chosen(given: argparse.Namespace) -> list[Setting]:
    """The cases that were asked for.

    Raises:
        InputError: One is unknown.
    """
    if given.bank_seconds is not None or given.scale > 1:
        parts = [] if given.bank_seconds is None else [f"bank {float(given.bank_seconds):g} s"]
        parts += [f"1/{given.scale} size"] if given.scale > 1 else []
        return [Setting(", ".join(parts), given.bank_seconds, given.scale)]
    known = {setting.name: setting for setting in SETTINGS}
    for name in given.cases:
        if name not in known:
            raise InputError(f"no case {name!r}; there are: {', '.join(known)}")
    return [known[name] for name in given.cases] or (list(SETTINGS[:1]) if given.strips else list(SETTINGS))


def write_strips(clip: Path, *, given: argparse.Namespace) -> None:
    """Draw the mouths of each method, and the truth's, at a few frames of the clip's end."""
    scores = next((scores for _, scores in measured(clip, given=given)), None)
    if scores is None:
        raise InputError(f"{clip.name} cannot be drawn; see above")
    rate = float(require_video(probe(clip)).frame_rate)
    sheet = draw_strips(scores.pictures, frame_rate=rate)
    with whole_file(given.strips) as temporary:
        cv2.imwrite(str(temporary), sheet[..., ::-1])
    sys.stdout.write(f"{given.strips}\n")


def arguments_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--cases", action="append", default=[], help="whole, 3 s, still, half size; repeat; else all")
    parser.add_argument("--bank-seconds", type=Fraction, help="a case of its own: mouths from so many seconds")
    parser.add_argument("--scale", type=int, default=1, help="a case of its own: the film made so many times smaller")
    parser.add_argument("--split", type=Fraction, default=Fraction(7, 10), help="share that mouths are taken from")
    parser.add_argument("--methods", action="append", default=[], help="truth, oracle, static, sound, words; repeat")
    parser.add_argument("--renderer", default="footage")
    parser.add_argument("--transcripts", type=Path, help="folder of CLIP.txt or CLIP.align")
    parser.add_argument("--language", default="en", help="of the transcripts")
    parser.add_argument("--strips", type=Path, help="write a PNG of one clip instead of the table")
    given = parser.parse_args(arguments)
    if given.strips is not None and len(given.clips) != 1:
        parser.error("--strips is of one clip; name it")
    return given


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, and say how many clips could not be measured at all."""
    given = arguments_of(arguments)
    try:
        chosen(given)
        if given.strips is not None:
            write_strips(given.clips[0], given=given)
            return 0
        clips = given.clips or default_clips()
    except AvsynthError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    words = sys.argv[1:] if arguments is None else arguments
    told = [Path(word).name if Path(word) in given.clips else word for word in words]
    command = " ".join(["python recipes/GRID/LipSync/evaluate.py", *(f'"{w}"' if " " in w else w for w in told)])
    failed = 0
    for clip in clips:
        made: list[Row] = []
        try:
            for setting, scores in measured(clip, given=given):
                made += rows_of(scores, case=setting.name, renderer=given.renderer, command=command)
        except AvsynthError as error:
            sys.stderr.write(f"{clip.name}: {error}\n")
        failed += not made
        done = {tuple(row[name] for name in KEYS[:3]) for row in made}
        write_results([row for row in read_rows() if tuple(row[name] for name in KEYS[:3]) not in done] + made)
        sys.stdout.write(f"{table(made)}\n")
        sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
