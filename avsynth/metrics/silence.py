"""Does the mouth rest while nobody speaks: how many frames of silence move."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from avsynth.metrics.mouth import CLOSED

_MOMENT_SECONDS = Fraction(1, 5)  # within which an opening that changes is a movement, not a drift


@dataclass(frozen=True)
class SilenceScore:
    """How still a mouth is in silence.

    Attributes:
        frames: How many measured frames lie in silence.
        moving: Share of those in which the mouth moves; 0 where there are none.
    """

    frames: int
    moving: float


def moving_in_silence(
    opening: NDArray[np.float32], *, measured: NDArray[np.bool_], quiet: NDArray[np.bool_], frame_rate: Fraction
) -> SilenceScore:
    """Count the frames of silence in which the mouth moves.

    A frame moves when the opening within a tenth of a second around it, inside the same silence, spans more than
    lips that look closed may be apart (``mouth.CLOSED``). An open mouth at rest does not count: people
    breathe and smile.

    Args:
        opening: ``(T,)``: distance of the inner lips over the outer eye corners', frame 0 first.
        measured: ``(T,)`` bool: the face was seen.
        quiet: ``(T,)`` bool: nobody speaks (``mouth.quiet_frames``).
        frame_rate: Frames a second.

    Example:
        >>> lips = np.zeros(100, np.float32)
        >>> lips[50:60] = 0.1  # opens and closes once
        >>> every = np.ones(100, bool)
        >>> moving_in_silence(lips, measured=every, quiet=every, frame_rate=Fraction(25)).moving
        0.08
    """
    counted = measured & quiet & np.isfinite(opening)
    if not counted.any():
        return SilenceScore(0, 0.0)
    size = 2 * max(round(_MOMENT_SECONDS * frame_rate / 2), 1) + 1
    highest = maximum_filter1d(np.where(counted, opening, -np.inf), size, mode="nearest")
    lowest = minimum_filter1d(np.where(counted, opening, np.inf), size, mode="nearest")
    moving = (highest - lowest)[counted] > CLOSED
    return SilenceScore(int(counted.sum()), float(moving.mean()))
