"""Measures how well the judge tells right sound from wrong, and how near it finds a planted offset.

python recipes/GRID/SyncJudge/evaluate.py --manifest clips.json [--judge opening-judge.safetensors]

Only sentences that were not learnt from are used: the test half of grid_s1, four joined to one of 12 s, and each lone
clip with a judge that was fitted without its person. Writes `results.csv` and the
table of `README.md`; nothing else does.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from train import Clip, Settings, fit, read_clip

from avsynth import __version__
from avsynth.core.errors import AvsynthError
from avsynth.core.files import read_text, write_text
from avsynth.metrics.cepstra import STEPS_HZ
from avsynth.metrics.sync import OpeningJudge, SyncScore, shipped_judge, sync_score
from avsynth.training.hparams import load_hparams
from avsynth.training.manifest import read_manifest

FOLDER = Path(__file__).parent
BEGIN, END = "<!-- results.csv begins -->", "<!-- results.csv ends -->"
COLUMNS = (
    ("seconds", "seconds"),
    ("right", "right pairs"),
    ("wrong", "wrong pairs"),
    ("auc_confidence", "AUC of confidence"),
    ("right_p05", "confidence, right, 5 % below"),
    ("right_p50", "median"),
    ("wrong_p50", "confidence, wrong, median"),
    ("wrong_p95", "5 % above"),
    ("offset_error_p50", "planted offset, median error, s"),
    ("offset_error_p90", "9 of 10 within, s"),
)
WINDOWS = (3, 6, 12)
PLANTED = (-0.2, -0.08, 0.0, 0.12, 0.2)  # seconds
WRONG = 4  # other sentences each window is held against
JOINED = 4


@dataclass(frozen=True)
class Film:
    """A stretch of one person talking, and the judge who has not learnt from it."""

    opening: NDArray[np.float32]
    seen: NDArray[np.bool_]
    cepstra: NDArray[np.float32]
    judge: OpeningJudge


def joined(clips: Sequence[Clip], judge: OpeningJudge) -> Film:
    """Clips one after the other, each with its sound cut or held to its frames."""
    openings, seen, sounds = [], [], []
    for clip in clips:
        count = clip.start + len(clip.opening)
        openings.append(np.concatenate([np.zeros(clip.start, np.float32), clip.opening]))
        seen.append(np.concatenate([np.zeros(clip.start, bool), clip.seen]))
        rows = round(count / clip.frame_rate * STEPS_HZ)
        sounds.append(np.pad(clip.cepstra, ((0, max(rows - len(clip.cepstra), 0)), (0, 0)), mode="edge")[:rows])
    return Film(np.concatenate(openings), np.concatenate(seen), np.concatenate(sounds), judge)


def films(items: Sequence[Clip], tests: Sequence[Clip], judge: OpeningJudge, settings: Settings) -> Iterator[Film]:
    """The test sentences, and the lone clips with judges of their own."""
    for first in range(0, len(tests) - JOINED + 1, JOINED):
        yield joined(tests[first : first + JOINED], judge)
    for clip in items:
        if clip.person != "s1":
            yield joined([clip], fit([other for other in items if other.person != clip.person], settings))


def windows(film: Film, seconds: int) -> Iterator[slice]:
    """Frames of stretches that do not overlap."""
    size = seconds * 25
    for first in range(0, len(film.opening) - size + 1, size):
        yield slice(first, first + size)


def score(film: Film, part: slice, sound: NDArray[np.float32], *, shift: float = 0.0) -> SyncScore:
    """A window against a sound that begins with it, played later by ``shift`` seconds."""
    rows = np.clip(np.arange(len(sound)) - round(shift * STEPS_HZ), 0, len(sound) - 1)
    return sync_score(
        sound[rows], opening=film.opening[part], measured=film.seen[part], frame_rate=Fraction(25), judge=film.judge
    )


def measure(stock: Sequence[Film], seconds: int) -> dict[str, str]:
    """One row: right and wrong sounds, and planted offsets, over all windows of a length."""
    pieces = [(film, part) for film in stock for part in windows(film, seconds)]
    sounds = [film.cepstra[part.start * 4 : part.stop * 4] for film, part in pieces]
    right, wrong, errors = [], [], []
    for index, (film, part) in enumerate(pieces):
        for shift in PLANTED:
            found = score(film, part, sounds[index], shift=shift)
            errors.append(abs(found.offset_seconds + shift))  # sound that is later is a picture that is earlier
            if shift == 0:
                right.append(found.confidence)
        others = [sounds[(index + step) % len(sounds)] for step in range(1, min(WRONG, len(sounds) - 1) + 1)]
        wrong += [score(film, part, other).confidence for other in others]
    a, b = np.array(right), np.array(wrong)
    summary = (
        np.mean(a[:, None] > b),
        *np.percentile(a, [5, 50]),
        *np.percentile(b, [50, 95]),
        *np.percentile(errors, [50, 90]),
    )
    values = [str(seconds), str(len(a)), str(len(b)), *(f"{value:.2f}" for value in summary)]
    return dict(zip((name for name, _ in COLUMNS), values, strict=True))


def write_results(rows: Sequence[dict[str, str]], *, folder: Path = FOLDER) -> None:
    """Write ``results.csv``, and the table between the markers of ``README.md``."""
    text = StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "results.csv", text.getvalue())
    lines = [[heading for _, heading in COLUMNS], ["---:" for _ in COLUMNS]]
    lines += [[row[name] for name, _ in COLUMNS] for row in rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    readme = folder / "README.md"
    before, _, rest = read_text(readme).partition(BEGIN)
    write_text(readme, f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.partition(END)[2]}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--judge", type=Path, help="weights; else the shipped ones")
    given = parser.parse_args(arguments)
    try:
        manifest = read_manifest(given.manifest)
        learnt, tests = (
            [read_clip(item, manifest=given.manifest) for item in manifest.part(split)] for split in ("train", "test")
        )
        judge = OpeningJudge.of(load_file(given.judge)) if given.judge else shipped_judge()
        settings = load_hparams(FOLDER / "hparams" / "base.yaml", Settings)
        stock = list(films(learnt, tests, judge, settings))
        facts = {
            "command": "python recipes/GRID/SyncJudge/evaluate.py --manifest clips.json",
            "date": datetime.now(UTC).date().isoformat(),
            "avsynth": __version__,
        }
        rows = [measure(stock, seconds) | facts for seconds in WINDOWS]
        write_results(rows)
    except AvsynthError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{rows}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
