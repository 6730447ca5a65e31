"""The losses of a run as CSV, one row every few steps; after a resume it reads as if nothing had happened."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from avsynth.core.files import read_text, write_text


class Log:
    """A CSV file that grows by a row.

    Args:
        path: The file; what it holds beyond ``step`` is taken away.
        step: The last step that counts.
    """

    def __init__(self, path: Path, *, step: int = 0) -> None:
        self.path = path
        kept = [row for row in read_log(path) if row["step"] <= step] if path.exists() else []
        if kept:
            text = StringIO()
            writer = csv.DictWriter(text, list(kept[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows({name: format(value, ".6g") for name, value in row.items()} for row in kept)
            write_text(path, text.getvalue())
        else:
            path.unlink(missing_ok=True)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write one row."""
        row = {"step": float(step), **values}
        is_new = not self.path.exists()
        with self.path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(row), lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerow({name: format(value, ".6g") for name, value in row.items()})


def read_log(path: Path) -> list[dict[str, float]]:
    """The rows of a log, as numbers.

    Raises:
        InputError: There is no such file.
    """
    return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(StringIO(read_text(path)))]
