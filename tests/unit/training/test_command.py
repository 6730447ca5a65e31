from __future__ import annotations

import subprocess
import sys

import pytest

from avsynth.core.errors import InputError
from avsynth.training.command import Run, command


def test_a_mistake_ends_with_its_line_and_code(capsys: pytest.CaptureFixture[str]) -> None:
    def train(run: Run) -> None:
        assert (run.seed, run.threads, run.output.name) == (7, 1, "out")
        raise InputError("no pairs; run prepare.py")

    arguments = ["a.yaml", "--manifest", "m.json", "--output", "out", "--seed", "7"]
    assert command(train, about="a recipe", arguments=arguments) == 2
    assert capsys.readouterr().err == "no pairs; run prepare.py\n"


def test_the_room_is_light_until_something_is_trained() -> None:
    """Manifests and settings are read by prepare.py, which needs no network."""
    rooms = ", ".join(f"avsynth.training.{name}" for name in ("manifest", "hparams", "export", "command", "order"))
    code = f"import sys, {rooms}; print(sorted({{'torch', 'speechbrain'}} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
