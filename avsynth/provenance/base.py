"""What a watermark engine must do, and which there are."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avsynth.core.registry import Registry


class AudioWatermark(Protocol):
    """Hides an inaudible mark in one channel of sound and finds it again.

    An engine knows nothing of films: lengths, rates, channels and silence are minded by ``watermark``.
    """

    sample_rate: int
    """The rate in hertz at which the engine works."""

    def residual(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """What to add to ``samples`` ``(T,)`` to mark them: finite, ``(T,)``, the same each time."""

    def score(self, samples: NDArray[np.float32]) -> float:
        """How surely ``samples`` ``(T,)`` are marked: 0 no sign of it, 1 surely; digital silence is 0."""


WATERMARKS = Registry("audio_watermark", {"perth": "avsynth.provenance.backends.perth:Perth"})
