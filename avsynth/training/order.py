"""Which examples each batch holds: the same for the same seed, wherever a run was broken off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np


class Order:
    """Batches of indices, epoch by epoch; a batch sampler for torch's ``DataLoader``.

    Args:
        count: How many examples there are.
        batch_size: Examples a batch, B; all of them where there are fewer.
        seed: Of the shuffling.
        weights: How often each example is taken, ``(count,)``, drawn with replacement; None takes each once an epoch.

    Attributes:
        epoch: Which epoch comes next.
        skip: How many of its batches were done before.

    Example:
        >>> order = Order(5, batch_size=2, seed=1)
        >>> whole = list(order)
        >>> order.skip = 1
        >>> list(order) == whole[1:]
        True
    """

    def __init__(self, count: int, *, batch_size: int, seed: int, weights: Sequence[float] | None = None) -> None:
        if count < 1:
            raise ValueError("there is nothing to train on")
        self.count, self.seed = count, seed
        self.batch_size = min(batch_size, count)
        self.share = None if weights is None else np.asarray(weights, np.float64) / np.sum(weights)
        self.epoch, self.skip = 0, 0

    def __len__(self) -> int:
        return self.count // self.batch_size - self.skip

    def set_epoch(self, epoch: int) -> None:
        """Shuffle anew."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        chance = np.random.default_rng((self.seed, self.epoch))
        if self.share is None:
            indices = chance.permutation(self.count)
        else:
            indices = chance.choice(self.count, self.count, p=self.share)
        for number in range(self.skip, self.count // self.batch_size):
            yield indices[number * self.batch_size : (number + 1) * self.batch_size].tolist()
