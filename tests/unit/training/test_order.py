from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.training.log import Log, read_log
from avsynth.training.order import Order


@given(count=st.integers(1, 60), size=st.integers(1, 20), seed=st.integers(0, 9), epoch=st.integers(0, 5))
def test_an_epoch_takes_each_example_once_at_most(count: int, size: int, seed: int, epoch: int) -> None:
    order = Order(count, batch_size=size, seed=seed)
    order.set_epoch(epoch)
    batches = list(order)
    assert len(batches) == len(order) >= 1
    assert {len(batch) for batch in batches} == {min(size, count)}
    taken = [i for batch in batches for i in batch]
    assert len(set(taken)) == len(taken)
    assert set(taken) <= set(range(count))
    order.skip = len(batches) // 2
    assert list(order) == batches[order.skip :]


def test_epochs_and_seeds_differ() -> None:
    orders = [Order(30, batch_size=30, seed=seed) for seed in (0, 0, 1)]
    orders[1].set_epoch(1)
    first, second, third = (next(iter(order)) for order in orders)
    assert sorted(first) == sorted(second) == sorted(third)
    assert first != second != third != first


def test_weights_say_how_often() -> None:
    order = Order(1000, batch_size=1000, seed=0, weights=[3.0] * 100 + [1.0] * 900)
    share = np.mean(np.array(next(iter(order))) < 100)
    assert abs(share - 0.25) < 0.04
    with pytest.raises(ValueError, match="nothing to train on"):
        Order(0, batch_size=4, seed=0)


def test_a_log_forgets_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = Log(path)
    for step in (5, 10, 15):
        log.add(step, {"l1": 1 / step})
    again = Log(path, step=12)
    assert [row["step"] for row in read_log(path)] == [5, 10]
    again.add(15, {"l1": 0.5})
    assert read_log(path)[-1] == {"step": 15, "l1": 0.5}
    Log(path, step=0)
    assert not path.exists()
