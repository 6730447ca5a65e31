"""Executors: whoever runs the items, the results come in their order."""

import operator
from importlib.util import find_spec

import pytest

from avsynth.core.errors import MissingExtraError, UnknownEngineError
from avsynth.pipeline.executors import EXECUTORS, executor


@pytest.mark.parametrize("name", ["serial", "process"])
def test_results_come_in_order(name: str) -> None:
    assert list(executor(name).map(operator.neg, list(range(20)))) == [-i for i in range(20)]


@pytest.mark.parametrize("name", ["serial", "process"])
def test_the_first_error_is_raised(name: str) -> None:
    with pytest.raises(ZeroDivisionError):
        list(executor(name).map(_invert, [1, 0]))


def _invert(value: int) -> float:
    return 1 / value


def test_ray_runs_or_says_what_to_install() -> None:
    if find_spec("ray") is None:
        with pytest.raises(MissingExtraError, match=r"pip install 'avsynth\[ray\]'"):
            executor("ray")
    else:
        assert list(executor("ray").map(operator.neg, [1, 2])) == [-1, -2]


def test_an_unknown_name_lists_the_names() -> None:
    with pytest.raises(UnknownEngineError, match=", ".join(EXECUTORS.names())):
        executor("abacus")
