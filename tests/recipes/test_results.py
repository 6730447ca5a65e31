"""What a recipe's README says is what its results.csv holds, and only its evaluate.py writes both."""

from __future__ import annotations

import csv
import importlib.util
import math
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from functools import partial
from pathlib import Path
from types import ModuleType

import cv2
import pytest
from synth import draw_film, syllables

from avsynth.metrics.reenactment import MouthFidelity, ReenactmentScores

FOLDER = Path(__file__).parents[2] / "recipes" / "GRID" / "LipSync"


@pytest.fixture(scope="module")
def evaluate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("grid_lipsync_evaluate", FOLDER / "evaluate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
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
    assert len(head) == len(rows[0]) - 4  # two of the yaw in one, but not the command, the date and the version
    for cells, row in zip(body, rows, strict=True):
        assert cells[:-1] == list(row.values())[:-5]
        assert cells[-1] == " to ".join(filter(None, (row["yaw_low"], row["yaw_high"])))


MAY_BE_UNKNOWN = {"flicker", "sync_r", "sync_offset", "sync_confidence", "leak", "closure", "yaw_low", "yaw_high"}


def test_every_measure_is_reported_and_is_a_number() -> None:
    named = [field.name for field in fields(MouthFidelity)][1:]
    for row in results():
        assert list(row) == [
            "clip", "case", "renderer", "method", *named, "yaw_low", "yaw_high", "command", "date", "avsynth",
        ]  # fmt: skip
        for name in (*named, "yaw_low", "yaw_high"):
            assert math.isfinite(float(row[name])) if row[name] else name in MAY_BE_UNKNOWN, name
        assert row["command"].startswith("python recipes/GRID/LipSync/evaluate.py")
        assert date.fromisoformat(row["date"]).year >= 2026


def test_the_true_motion_beats_rest_in_every_published_clip() -> None:
    rows = {(row["clip"], row["case"], row["renderer"], row["method"]): row for row in results()}
    for key in {key[:3] for key in rows if key[1] == "whole" and key[2] == "footage"}:
        oracle, still = rows[*key, "oracle"], rows[*key, "static"]
        assert float(oracle["psnr_db"]) > float(still["psnr_db"])
        assert float(oracle["lmd"]) < float(still["lmd"])


def test_results_are_written_to_both_and_can_be_written_again(evaluate: ModuleType, tmp_path: Path) -> None:
    shutil.copy(FOLDER / "README.md", tmp_path / "README.md")
    made = MouthFidelity("oracle", 12, 30.125, 0.9, 0.0081, 0.98, 0.97, 1.05, 0.9, -0.5, 1.234, leak=0.25)
    scores = ReenactmentScores(Path("a/clip.mp4"), 28, 28, (made,), (-3.4, 12.0))
    rows = evaluate.rows_of(scores, case="whole", renderer="footage", command="python evaluate.py")
    evaluate.write_results(rows, folder=tmp_path)
    first = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert evaluate.read_rows(tmp_path) == rows
    expected = ["clip.mp4", "whole", "footage", "oracle", "12", "30.12", "0.900", "0.0081", "0.980", "0.970", "1.050"]
    expected += ["0.900", "-0.50", "1.23", "", "", "", "0.250", "", "-3 to 12"]
    assert table_of(tmp_path / "README.md", "Results")[1:] == [expected]
    evaluate.write_results(rows, folder=tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == first
    assert (
        first.partition(evaluate.BEGIN)[0]
        == (FOLDER / "README.md").read_text(encoding="utf-8").partition(evaluate.BEGIN)[0]
    )


def test_words_are_found_beside_in_a_folder_or_in_a_name(evaluate: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "align"
    folder.mkdir()
    (folder / "bbaf2n.align").write_text("0 100 sil\n100 200 set\n200 300 red\n300 400 sp\n")
    assert evaluate.transcript_of(tmp_path / "bbaf2n.mpg", folder=None) == "bin blue at f two now"
    assert evaluate.transcript_of(tmp_path / "bbaf2n.mpg", folder=folder) == "set red"
    assert evaluate.transcript_of(tmp_path / "interview.mp4", folder=folder) is None
    (tmp_path / "interview.txt").write_text("Good morning.")
    assert evaluate.transcript_of(tmp_path / "interview.mp4", folder=folder) == "Good morning."


@pytest.mark.weights
def test_a_clip_is_drawn_and_measured_in_its_cases(
    evaluate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(FOLDER / "README.md", tmp_path / "README.md")
    monkeypatch.setattr(evaluate, "write_results", partial(evaluate.write_results, folder=tmp_path))
    monkeypatch.setattr(evaluate, "read_rows", partial(evaluate.read_rows, folder=tmp_path))
    clip = tmp_path / "drawn.mp4"
    draw_film(clip, openings=syllables(20, rate_hz=2.3), size=(480, 400), scale_px=110)
    assert evaluate.main([str(clip), "--methods", "static"]) == 0
    rows = evaluate.read_rows()
    assert [(row["case"], row["method"]) for row in rows] == [
        ("whole", "static"),
        ("still", "static"),
        ("half size", "static"),
    ]
    assert "drawn.mp4, 3 s: not measured" in capsys.readouterr().err
    assert rows[0]["command"] == "python recipes/GRID/LipSync/evaluate.py drawn.mp4 --methods static"
    strips = tmp_path / "strips.png"
    assert evaluate.main([str(clip), "--methods", "truth", "--methods", "static", "--strips", str(strips)]) == 0
    assert cv2.imread(str(strips)).shape[0] > 2 * 128
    assert evaluate.main([str(clip), "--cases", "double"]) == 1


@pytest.mark.parametrize("given", [["--strips", "a.png"], ["a.mp4", "b.mp4", "--strips", "a.png"]])
def test_strips_are_of_one_clip(evaluate: ModuleType, given: list[str]) -> None:
    with pytest.raises(SystemExit):
        evaluate.main(given)
