"""The talking portrait of ``jobs``, and commands run as the shell would."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from jobs import Outcome, sample

from avsynth.cli import main

__all__ = ["run", "sample"]


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
