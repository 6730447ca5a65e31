"""Reading ahead changes nothing but the thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.media.ahead import ahead


@given(st.lists(st.integers(), max_size=30), st.integers(1, 4))
def test_same_items_in_the_same_order(items: list[int], depth: int) -> None:
    assert list(ahead(items, depth=depth)) == items


def test_what_the_source_raises_comes_in_its_place() -> None:
    def source() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("the film ends here")

    items = ahead(source())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(ValueError, match="the film ends here"):
        next(items)


def test_a_closed_reader_closes_its_source_and_its_thread() -> None:
    closed = threading.Event()

    def source() -> Iterator[int]:
        try:
            count = 0
            while True:
                yield count
                count += 1
        finally:
            closed.set()

    before = threading.active_count()
    items = ahead(source())
    assert next(items) == 0
    items.close()  # type: ignore[attr-defined]
    assert closed.is_set()
    assert threading.active_count() == before


def test_it_reads_no_farther_than_asked() -> None:
    read: list[int] = []

    def source() -> Iterator[int]:
        for count in range(100):
            read.append(count)
            yield count

    items = ahead(source(), depth=2)
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert len(read) <= 5  # one taken, two waiting, one in hand, one begun
