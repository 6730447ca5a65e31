"""Lets one thread read while another works on what was read: decoding and measuring then share two cores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar, cast

from avsynth.media.turns import short_turns

T = TypeVar("T")

_END = object()
_POLL_SECONDS = 0.1  # how often a waiting reader looks whether it is still wanted


def ahead(items: Iterable[T], *, depth: int = 2) -> Iterator[T]:
    """The same items in the same order, read by a thread of their own, at most ``depth`` of them early.

    What the source raises is raised here, in its place. The thread ends with the source, or when the iterator that this
    gives is closed.

    Args:
        items: Where they come from; used by the other thread alone.
        depth: How many may wait.

    Example:
        >>> list(ahead(range(5)))
        [0, 1, 2, 3, 4]
    """
    reader = _Reader(items, depth)
    thread = Thread(target=reader.read, name="avsynth-ahead", daemon=True)
    with short_turns():
        thread.start()
        try:
            while (item := reader.waiting.get()) is not _END:
                yield cast(T, item)
            if reader.failure is not None:
                raise reader.failure
        finally:
            reader.unwanted.set()
            _empty(reader.waiting)
            thread.join()


class _Reader:
    """What the thread that reads shares with the one that works."""

    def __init__(self, items: Iterable[object], depth: int) -> None:
        self._items = items
        self.waiting: Queue[object] = Queue(depth)
        self.unwanted = Event()
        self.failure: BaseException | None = None

    def read(self) -> None:
        source = iter(self._items)
        try:
            for item in source:
                if not self._put(item):
                    break
        except BaseException as error:  # noqa: BLE001 - whatever it is, the caller must hear of it
            self.failure = error
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()
            self._put(_END)

    def _put(self, item: object) -> bool:
        while not self.unwanted.is_set():
            try:
                self.waiting.put(item, timeout=_POLL_SECONDS)
            except Full:
                continue
            return True
        return False


def _empty(waiting: Queue[object]) -> None:
    """So that a reader that waits for room sees at once that it is not wanted any more."""
    try:
        while True:
            waiting.get_nowait()
    except Empty:
        return
