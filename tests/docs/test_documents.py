"""The documents tell the truth: their Python runs, their commands exist, their links lead somewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from jobs import Sample, grant
from typer.testing import CliRunner

from avsynth.cli import app
from avsynth.voice.backends import adaptation

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


@pytest.fixture
def workplace(sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files the README speaks of."""
    shutil.copy(sample.film, tmp_path / "film.mp4")
    shutil.copy(sample.script, tmp_path / "es.srt")
    grant(tmp_path / "ada.json", speaker="Ada")
    monkeypatch.chdir(tmp_path)
    # Voices are fitted in two steps: how near that brings them is asked elsewhere.
    monkeypatch.setattr(adaptation, "Settings", partial(adaptation.Settings, steps=2))
    return tmp_path


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_readmes_python_runs(workplace: Path) -> None:
    code = blocks("python")
    assert len(code) >= 2
    for block in code:
        exec(compile(block, "README.md", "exec"), {})
    assert (workplace / "film.es.mp4").exists()
    assert (workplace / "line.wav").exists()


def test_the_examples_run(workplace: Path) -> None:
    shutil.copy(workplace / "es.srt", workplace / "film.es.srt")
    run("dub_one_film.py", "film.mp4", "ada.json", "film.es.srt")
    assert (workplace / "film.es.report" / "qc.json").exists()
    command = ["enroll", "film.mp4", "--speaker", "Ada", "--consent", "ada.json", "-o", "ada.voice.json", "--no-fit"]
    subprocess.run([sys.executable, "-m", "avsynth", *command], check=True)
    assert "b" in run("phonemes_of_a_line.py", "ada.voice.json", "es", "Buenos días").split()


def run(example: str, *arguments: str) -> str:
    command = [sys.executable, str(ROOT / "examples" / example), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_and_options_exist(path: Path) -> None:
    commands = set(
        re.findall(r"avsynth (demo|dub|lipsync|say|enroll|inspect|consent \w+|models \w+)", path.read_text("utf-8"))
    )
    text = path.read_text(encoding="utf-8")
    options: dict[str, str] = {}
    for command in commands:
        shown = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
        assert shown.exit_code == 0, command
        options[command] = shown.output
    for line in text.splitlines():
        found = re.match(r"[|` ]*avsynth (dub|lipsync|say|enroll|inspect|consent new)\b", line)
        for option in re.findall(r"--[a-z-]+", line) if found else ():
            assert option in options[found[1]], f"{found[1]} has no {option}"


def test_the_make_targets_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE):
        assert f"\n{target}:" in makefile
