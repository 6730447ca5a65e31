"""A recipe's results: `results.csv`, and the same numbers as a table in its README."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from avsynth import __version__
from avsynth.core.errors import InputError
from avsynth.core.files import read_text, write_text

BEGIN, END = "<!-- results.csv begins -->", "<!-- results.csv ends -->"
ORIGIN = ("command", "date", "avsynth")

Row = dict[str, str]


def origin(command: str) -> Row:
    """How a row came about: the command, today, and this version."""
    return dict(zip(ORIGIN, (command, datetime.now(UTC).date().isoformat(), __version__), strict=True))


def read_results(folder: Path) -> list[Row]:
    """The rows of a recipe's `results.csv`; none where there is no such file yet."""
    path = folder / "results.csv"
    return list(csv.DictReader(StringIO(read_text(path)))) if path.exists() else []


def write_results(rows: Sequence[Row], *, columns: Mapping[str, str], folder: Path) -> None:
    """Write `results.csv`, and the table between the markers of `README.md`. Only an `evaluate.py` calls this.

    Args:
        rows: Texts by column; the file has ``columns`` and ``ORIGIN``.
        columns: The table's columns and their headings. A column of numbers and empty cells stands to the right.
        folder: The recipe's.

    Raises:
        InputError: The README has no place for the table.
    """
    readme = folder / "README.md"
    before, mark, rest = read_text(readme).partition(BEGIN)
    if not mark or END not in rest:
        raise InputError(f"{readme} has no place for the results; put the lines {BEGIN} and {END} into it")
    text = StringIO()
    writer = csv.DictWriter(text, [*columns, *ORIGIN], lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "results.csv", text.getvalue())
    write_text(readme, f"{before}{BEGIN}\n\n{table(rows, columns=columns)}\n\n{END}{rest.partition(END)[2]}")


def table(rows: Sequence[Row], *, columns: Mapping[str, str]) -> str:
    """Rows in Markdown.

    >>> print(table([{"a": "x", "b": "1.5"}], columns={"a": "who", "b": "how much"}))
    | who | how much |
    | --- | ---: |
    | x | 1.5 |
    """
    sides = ["---:" if all(_is_number(row.get(name, "")) for row in rows) else "---" for name in columns]
    lines = [list(columns.values()), sides, *([row.get(name, "") for name in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _is_number(cell: str) -> bool:
    try:
        float(cell or 0)
    except ValueError:
        return False
    return True
