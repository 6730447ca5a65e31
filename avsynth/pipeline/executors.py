"""Who runs independent stages: this process, several, or a Ray cluster. The results are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from avsynth.core.registry import Registry

T = TypeVar("T")
R = TypeVar("R")

EXECUTORS = Registry(
    "executor",
    {
        "serial": "avsynth.pipeline.backends.serial:SerialExecutor",
        "process": "avsynth.pipeline.backends.process:ProcessExecutor",
        "ray": "avsynth.pipeline.backends.ray:RayExecutor",
    },
    extras={"ray": "ray"},
)


class Executor(Protocol):
    """Runs a function over items and yields the results in the items' order.

    Function and items must be picklable, and an item names files rather than holding pictures or sound.
    """

    def map(self, function: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Yield ``function(item)`` for each item, in order; the first error is raised as it is."""


def executor(name: str) -> Executor:
    """Make an executor by name.

    Raises:
        UnknownEngineError: No executor has that name.
        MissingExtraError: Its package is not installed.

    Example:
        >>> list(executor("serial").map(abs, [-1, 2]))
        [1, 2]
    """
    made: Any = EXECUTORS.get(name)()
    result: Executor = made
    return result
