"""What the command line shows and how it reads pairs: progress bars and log on stderr, data on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from avsynth.core.errors import InputError
from avsynth.core.progress import Progress as Listener
from avsynth.core.report import QCReport
from avsynth.core.serial import to_plain

log = Console(stderr=True, highlight=False, soft_wrap=True)
out = Console(highlight=False, soft_wrap=True)


@contextmanager
def progress_bars() -> Iterator[Listener]:
    """Show a bar for each step of a long job on stderr."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    bars = Progress(*columns, console=log, transient=True)
    tasks: dict[str, Any] = {}

    def listen(step: str, done: int, total: int) -> None:
        bars.start()  # only now: a command that is refused shows its one line and nothing else
        if step not in tasks:
            tasks[step] = bars.add_task(step, total=total or None)
        bars.update(tasks[step], completed=done, total=total or None)

    try:
        yield listen
    finally:
        bars.stop()


def pairs(values: Sequence[str], *, option: str) -> dict[str, str]:
    """Read ``NAME=VALUE`` options.

    Raises:
        InputError: A value has no equals sign.

    Example:
        >>> pairs(["Ada=ada.voice"], option="--voice")
        {'Ada': 'ada.voice'}
    """
    read: dict[str, str] = {}
    for value in values:
        name, equals, rest = value.partition("=")
        if not equals or not rest:
            raise InputError(f"{option} {value}: write it as NAME=VALUE")
        read[name] = rest
    return read


def numbers(values: Sequence[str], *, option: str) -> dict[str, int]:
    """Read ``NAME=NUMBER`` options.

    Raises:
        InputError: A value is no number.
    """
    try:
        return {name: int(value) for name, value in pairs(values, option=option).items()}
    except ValueError:
        raise InputError(f"{option}: write it as NAME=NUMBER, such as Ada=0") from None


def show_json(value: Any) -> None:
    """Print a value as JSON on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def show_path(path: Path) -> None:
    """Print where a result is, on stdout, alone on its line."""
    sys.stdout.write(f"{path}\n")


def table(*columns: str) -> Table:
    """An empty table with these columns."""
    made = Table(box=None, pad_edge=False)
    for column in columns:
        made.add_column(column)
    return made


def show_report(report: QCReport, *, json: bool) -> None:
    """Print every measurement on stdout and what failed on stderr.

    Raises:
        Exit: With code 1, where a check failed.
    """
    if json:
        show_json(to_plain(report))
    else:
        for check in report.checks:
            value = f"{check.value:.4g} {check.unit}".strip()
            state = "FAILED" if not check.passed else "ok" if check.limit[:1] in "<>=-0123456789" else ""
            line = f"{check.name:<26} {value:>12}  {state:<6}  {check.limit:<22} {check.where}"
            out.print(line.rstrip(), markup=False)
    show_failures(report)
    if not report.passed:
        raise typer.Exit(1)


def show_failures(report: QCReport) -> None:
    """Print what failed, and what a person should know, on stderr."""
    for check in report.checks:
        if not check.passed:
            what = f"{check.name} {check.where}".strip()
            log.print(f"failed: {what}: {check.value:g} (limit {check.limit})", markup=False)
    for note in report.notes:
        log.print(f"note: {note}", markup=False)
