"""Puts people's own mouths back into the end of their clips and writes down how near they come to the truth.

    python recipes/GRID/LipSync/evaluate.py [CLIP ...]

Without clips: `talking/studio_demo3.mp4` and `talking/grid/*.mpg` of $AVSYNTH_TEST_MEDIA. Rows of the measured clips in
`results.csv` are replaced, those of others stay, and the table of `README.md` is written from it. Nothing else writes
either.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from avsynth import __version__
from avsynth.core.errors import InputError
from avsynth.core.files import read_text, write_text
from avsynth.metrics.reenactment import ReenactmentScores, reenact_self

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
    ("seam", "seam", ".2f"),
)
COLUMNS = ("clip", "method", *(name for name, _, _ in MEASURES), "command", "date", "avsynth")

Row = dict[str, str]


def rows_of(scores: ReenactmentScores, *, command: str) -> list[Row]:
    """One row of ``results.csv`` a method."""
    told = {"command": command, "date": datetime.now(UTC).date().isoformat(), "avsynth": __version__}
    return [
        {"clip": scores.film.name, "method": made.method}
        | {name: format(getattr(made, name), form) for name, _, form in MEASURES}
        | told
        for made in scores.methods
    ]


def read_rows(folder: Path = FOLDER) -> list[Row]:
    """The rows of ``results.csv``; none where there is no such file."""
    path = folder / "results.csv"
    return list(csv.DictReader(StringIO(read_text(path)))) if path.exists() else []


def table(rows: Iterable[Row]) -> str:
    """The rows as a table in Markdown, in the order of ``results.csv``."""
    heads = ("clip", "method", *(heading for _, heading, _ in MEASURES))
    lines = [heads, ["---", "---", *["---:" for _ in MEASURES]]]
    lines += [[row["clip"], row["method"], *(row[name] for name, _, _ in MEASURES)] for row in rows]
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, and say how many clips could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="*", type=Path)
    given = parser.parse_args(arguments).clips
    clips = given or default_clips()
    names = {clip.name for clip in clips}
    command = " ".join(["python recipes/GRID/LipSync/evaluate.py", *(clip.name for clip in given)])
    rows = [row for row in read_rows() if row["clip"] not in names]
    failed = 0
    for clip in clips:
        try:
            made = rows_of(reenact_self(clip), command=command)
        except InputError as error:
            failed += 1
            sys.stderr.write(f"{clip.name}: {error}\n")
            continue
        rows += made
        sys.stdout.write(f"{table(made)}\n")
        sys.stdout.flush()
    write_results(rows)
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
