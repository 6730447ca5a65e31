"""The cache: what was made is found, what was not finished is not, and other inputs are another result."""

from pathlib import Path

import pytest

from avsynth.core.errors import OutputError
from avsynth.pipeline.cache import Cache, Stage


def stage(name: str = "count", *, value: int = 1, runs: list[int] | None = None) -> Stage:
    def run(path: Path) -> None:
        if runs is not None:
            runs.append(value)
        path.write_text(str(value))

    return Stage(name, {"value": value}, ".txt", run)


def test_a_result_is_made_once(tmp_path: Path) -> None:
    runs: list[int] = []
    cache = Cache(tmp_path)
    assert cache.produce(stage(runs=runs)).read_text() == "1"
    assert cache.produce(stage(runs=runs)).read_text() == "1"
    assert runs == [1]


def test_other_inputs_are_another_result(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.path(stage(value=1)) != cache.path(stage(value=2))
    assert cache.path(stage("a")) != cache.path(stage("b"))


def test_a_failed_stage_leaves_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    def fail(path: Path) -> None:
        path.write_text("half")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        cache.produce(Stage("count", {"value": 1}, ".txt", fail))
    assert not list(tmp_path.rglob("*.txt"))
    assert cache.produce(stage()).read_text() == "1"


def test_a_folder_is_an_artefact_too(tmp_path: Path) -> None:
    made = Cache(tmp_path).produce(Stage("many", {}, "", lambda folder: (folder / "one").write_text("1") and None))
    assert (made / "one").read_text() == "1"


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write the cache"):
        Cache(tmp_path / "file").produce(stage())


def test_prune_deletes_only_what_is_old(tmp_path: Path) -> None:
    import os

    cache = Cache(tmp_path)
    old, new = cache.produce(stage(value=1)), cache.produce(stage(value=2))
    os.utime(old, (0, 0))
    cache.prune(days=1)
    assert not old.exists()
    assert new.exists()
