"""Several processes on this machine."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class ProcessExecutor:
    """A process a core. Each starts afresh, since forked copies of torch and espeak-ng deadlock."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1

    def map(self, function: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Yield the results in order; the pool ends with the last."""
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(self.workers, max(len(items), 1)), mp_context=context) as pool:
            yield from pool.map(function, items)
