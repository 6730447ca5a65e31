"""What a recipe's README says is what its results.csv holds, and only its evaluate.py writes both."""

from __future__ import annotations

import csv
import importlib.util
import math
import re
import shutil
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from avsynth.metrics.reenactment import MouthFidelity, ReenactmentScores

FOLDER = Path(__file__).parents[2] / "recipes" / "GRID" / "LipSync"


@pytest.fixture(scope="module")
def evaluate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("grid_lipsync_evaluate", FOLDER / "evaluate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table_of(readme: Path, heading: str) -> list[list[str]]:
    """The cells of the table after a heading, without the row of dashes."""
    text = readme.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not re.match(r"\|\s*-", line)]


def results() -> Iterator[dict[str, str]]:
    with (FOLDER / "results.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def test_the_readmes_table_is_the_results() -> None:
    head, *body = table_of(FOLDER / "README.md", "Results")
    rows = list(results())
    assert rows
    assert len(head) == len(rows[0]) - 3  # all but the command, the date and the version
    assert body == [list(row.values())[:-3] for row in rows]


def test_every_measure_is_reported_and_is_a_number() -> None:
    named = [field.name for field in fields(MouthFidelity)]
    for row in results():
        assert list(row) == ["clip", *named, "command", "date", "avsynth"]
        assert all(math.isfinite(float(row[name])) for name in named[1:])
        assert row["command"].startswith("python recipes/GRID/LipSync/evaluate.py")
        assert date.fromisoformat(row["date"]).year >= 2026


def test_the_true_motion_beats_rest_in_every_published_clip() -> None:
    rows = {(row["clip"], row["method"]): row for row in results()}
    for clip in {clip for clip, _ in rows}:
        oracle, still = rows[clip, "oracle"], rows[clip, "static"]
        assert float(oracle["psnr_db"]) > float(still["psnr_db"])
        assert float(oracle["lmd"]) < float(still["lmd"])


def test_results_are_written_to_both_and_can_be_written_again(evaluate: ModuleType, tmp_path: Path) -> None:
    shutil.copy(FOLDER / "README.md", tmp_path / "README.md")
    made = MouthFidelity("oracle", 12, 30.125, 0.9, 0.0081, 0.98, 0.97, 1.05, 0.9, 1.234)
    rows = evaluate.rows_of(ReenactmentScores(Path("a/clip.mp4"), 28, 28, (made,)), command="python evaluate.py")
    evaluate.write_results(rows, folder=tmp_path)
    first = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert evaluate.read_rows(tmp_path) == rows
    expected = ["clip.mp4", "oracle", "12", "30.12", "0.900", "0.0081", "0.980", "0.970", "1.050", "0.900", "1.23"]
    assert table_of(tmp_path / "README.md", "Results")[1:] == [expected]
    evaluate.write_results(rows, folder=tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == first
    assert (
        first.partition(evaluate.BEGIN)[0]
        == (FOLDER / "README.md").read_text(encoding="utf-8").partition(evaluate.BEGIN)[0]
    )
