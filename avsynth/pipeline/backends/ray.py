"""A Ray cluster, or Ray on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import ray

T = TypeVar("T")
R = TypeVar("R")


class RayExecutor:
    """Tasks on whatever cluster ``RAY_ADDRESS`` names; a local one without it. Items travel as paths and hashes."""

    def __init__(self) -> None:
        if not ray.is_initialized():
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")

    def map(self, function: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Yield the results in order."""
        task = ray.remote(function)
        for reference in [task.remote(item) for item in items]:
            yield ray.get(reference)
