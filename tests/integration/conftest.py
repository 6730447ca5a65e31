"""The talking portrait of ``jobs``, and commands run as the shell would."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from jobs import Outcome, sample

from avsynth.cli import main
from avsynth.voice.backends import adaptation

__all__ = ["run", "sample"]


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Voices are fitted in two steps: how near that brings them is asked elsewhere."""
    monkeypatch.setattr(adaptation, "Settings", partial(adaptation.Settings, steps=2))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Run a command as the shell would, in this process."""

    def run_command(*arguments: object) -> Outcome:
        monkeypatch.setattr("sys.argv", ["avsynth", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        shown = capsys.readouterr()
        return Outcome(code, shown.out, shown.err)

    return run_command
