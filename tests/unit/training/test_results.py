"""What is written to results.csv is what the README shows, and it can be read and written again."""

from __future__ import annotations

from pathlib import Path

import pytest

from avsynth.core.errors import InputError
from avsynth.training.results import BEGIN, END, ORIGIN, origin, read_results, table, write_results

COLUMNS = {"who": "who", "much": "how much, s"}
ROWS = [{"who": "a", "much": "1.5"} | origin("python evaluate.py"), {"who": "b"} | origin("python evaluate.py --x")]


def test_file_and_table_hold_the_same(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"# Voices\n\n{BEGIN}\nold\n{END}\n\nMore.\n")
    assert read_results(tmp_path) == []
    write_results(ROWS, columns=COLUMNS, folder=tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert text.startswith("# Voices\n\n")
    assert text.endswith(f"{END}\n\nMore.\n")
    assert "old" not in text
    assert table(ROWS, columns=COLUMNS) in text
    assert "| a | 1.5 |\n| b |  |" in text
    rows = read_results(tmp_path)
    assert rows == [{"much": ""} | row for row in ROWS]
    assert list(rows[0]) == [*COLUMNS, *ORIGIN]
    write_results(rows, columns=COLUMNS, folder=tmp_path)
    assert (tmp_path / "README.md").read_text() == text


@pytest.mark.parametrize("text", ["# Voices\n", f"# Voices\n{BEGIN}\n"])
def test_a_readme_without_a_place_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "README.md").write_text(text)
    with pytest.raises(InputError, match="no place for the results"):
        write_results(ROWS, columns=COLUMNS, folder=tmp_path)
    assert (tmp_path / "README.md").read_text() == text
    assert not (tmp_path / "results.csv").exists()


def test_numbers_stand_to_the_right() -> None:
    assert table(ROWS, columns=COLUMNS).splitlines()[1] == "| --- | ---: |"
