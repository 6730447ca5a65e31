"""How much a picture trembles from frame to frame beyond what the true one does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from avsynth.metrics.picture import Picture, luma


@dataclass
class Tremor:
    """Energy of the fastest change in time, gathered frame by frame; two pictures are held, never more.

    The fastest that a film can change is every frame up and down; a second difference over four is 1 for an
    alternation of one code value up and one down, 0 for what moves evenly.

    Example:
        >>> tremor = Tremor()
        >>> for frame, value in enumerate((100, 104, 100, 104)):
        ...     tremor.add(frame, np.full((4, 4), value, np.uint8))
        >>> tremor.amplitude  # two code values up and two down
        2.0
    """

    energy: float = 0.0
    triples: int = 0
    _last: list[tuple[int, NDArray[np.float32]]] = field(default_factory=list)

    def add(self, frame: int, picture: Picture) -> None:
        """Take the next picture; a gap in the frame numbers, or another size, begins anew."""
        gray = luma(picture)
        if self._last and (self._last[-1][0] != frame - 1 or self._last[-1][1].shape != gray.shape):
            self._last = []
        if len(self._last) == 2:
            second = (self._last[0][1] - 2 * self._last[1][1] + gray) / 4
            self.energy += float(np.mean(second.astype(np.float64) ** 2))
            self.triples += 1
        self._last = [*self._last[-1:], (frame, gray)]

    @property
    def amplitude(self) -> float:
        """Root mean square over pixels and time, in code values of 255; 0 where fewer than three pictures came."""
        return float(np.sqrt(self.energy / self.triples)) if self.triples else 0.0


def flicker(images: Iterable[Picture], *, references: Iterable[Picture]) -> float:
    """Tremor beyond the truth's, in code values of 255: 0 is as steady as the truth, below 0 is stiller.

    Args:
        images: Consecutive pictures.
        references: The true ones.

    Example:
        >>> wall = [np.full((4, 4), 100, np.uint8)] * 4
        >>> trembling = [wall[0] + np.uint8(2 * (index % 2)) for index in range(4)]
        >>> flicker(trembling, references=wall), flicker(wall, references=trembling)
        (1.0, -1.0)
    """
    made, true = Tremor(), Tremor()
    for film, tremor in ((images, made), (references, true)):
        for frame, picture in enumerate(film):
            tremor.add(frame, picture)
    return made.amplitude - true.amplitude
