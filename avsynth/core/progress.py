"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the name of the step, how much is done, and of how much (0 where that is unknown)."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Hear that ``done`` of ``total`` are done."""


def silent(step: str, done: int, total: int) -> None:
    """The listener that does nothing: the default everywhere."""
