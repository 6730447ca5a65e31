"""How much later a film shows a mouth than it sounds, found from its own sound and lips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from avsynth.core.media import Waveform
from avsynth.lipsync.prior import SoundPrior
from avsynth.models.ear import FRAME_RATE, Array

FARTHEST = 0.4  # seconds to either side that are searched
LEAST_SECONDS = 2.5  # of usable picture: less tells nothing
LEAST_PEAK, LEAST_CONFIDENCE = 0.35, 0.2  # below either, what was found may be chance
_STEP = 1 / FRAME_RATE
_SLOW_SECONDS = 2.04  # what is slower than this is the face, not the speech

Values = NDArray[np.float64]


@dataclass(frozen=True)
class AVOffset:
    """How far picture and sound of a film are apart.

    Attributes:
        seconds: How much later the picture comes than its sound; negative where it comes first. 0 where not trusted.
        peak: Correlation of the heard and the seen opening there.
        confidence: ``peak`` less the median correlation over all offsets.
        trusted: Whether there was enough to see, and both are high enough, to correct anything by it.
    """

    seconds: float
    peak: float
    confidence: float
    trusted: bool


UNKNOWN = AVOffset(0.0, 0.0, 0.0, False)


@dataclass(frozen=True)
class SeenOpening:
    """How far a mouth is open at some times ``(T,)``, seconds of the sound; the unit does not matter."""

    times: Values
    opening: Values

    def quick(self) -> Values:
        """The opening without what is slower than speech."""
        if len(self.opening) < 2:
            return np.zeros(len(self.opening))
        step = max(float(np.median(np.diff(self.times))), 1e-3)
        size = min(round(_SLOW_SECONDS / step), len(self.opening))
        slow = uniform_filter1d(self.opening, size) if size < len(self.opening) else self.opening.mean()
        quick: Values = self.opening - slow
        return quick


def find_offset(
    opening: NDArray[np.floating],
    *,
    sound: Waveform,
    frame_rate: Fraction,
    start: int = 0,
    usable: NDArray[np.bool_] | None = None,
) -> AVOffset:
    """Find how much later a film's picture comes than its sound.

    Args:
        opening: ``(T,)`` as ``FaceLayout.mouth_opening`` measures it, one a frame.
        sound: The film's sound from its time 0.
        frame_rate: Frames a second.
        start: Index in the film of the first frame.
        usable: ``(T,)``: frames that count; None: all.

    Raises:
        ModelError: The weights of the prior are absent or wrong.
    """
    if not np.abs(sound.samples).max(initial=0) > 0:
        return UNKNOWN
    prior = SoundPrior.load()
    heard = prior.hear(sound)
    clock: Values = np.arange(len(heard), dtype=np.float64) * _STEP
    keep = np.ones(len(opening), bool) if usable is None else usable
    times = np.array([float((start + int(i)) / frame_rate) for i in np.flatnonzero(keep)])
    seen = SeenOpening(times, np.asarray(opening, np.float64)[keep])
    return best_offset([(seen, prior.coefficients(heard, times=clock)[:, 0])])


def best_offset(pairs: Sequence[tuple[SeenOpening, Array]]) -> AVOffset:
    """The offset at which seen mouths best follow what is heard.

    Args:
        pairs: Of stretches of one film: the seen opening, and the heard one of the whole sound at ``ear.FRAME_RATE``.
    """
    pairs = [(seen, heard) for seen, heard in pairs if len(seen.times) > 1]
    seconds = sum(_length(seen.times) for seen, _ in pairs)
    if not pairs or seconds < LEAST_SECONDS:
        return UNKNOWN
    steps = np.arange(-round(FARTHEST / _STEP), round(FARTHEST / _STEP) + 1)
    quick = [seen.quick() for seen, _ in pairs]
    curve = np.array([_agreement(pairs, quick, step * _STEP) for step in steps])
    top = int(curve.argmax())
    confidence = float(curve[top] - np.median(curve))
    inside = 0 < top < len(curve) - 1
    trusted = bool(inside and curve[top] >= LEAST_PEAK and confidence >= LEAST_CONFIDENCE)
    found = (steps[top] + (_vertex(curve[top - 1 : top + 2]) if inside else 0.0)) * _STEP
    return AVOffset(float(found) if trusted else 0.0, float(curve[top]), confidence, trusted)


def _length(times: Values) -> float:
    return len(times) * float(np.median(np.diff(times)))


def _agreement(pairs: Sequence[tuple[SeenOpening, Array]], quick: Sequence[Values], late: float) -> float:
    """Correlation over all stretches when the picture comes ``late`` seconds after the sound."""
    products = np.zeros(3)
    for (seen, heard), own in zip(pairs, quick, strict=True):
        clock = np.arange(len(heard)) * _STEP
        told = SeenOpening(seen.times, np.interp(seen.times - late, clock, heard)).quick()
        products += told @ own, told @ told, own @ own
    return float(products[0] / max(np.sqrt(products[1] * products[2]), 1e-9))


def _vertex(three: Values) -> float:
    """Where a parabola through three values has its top, in steps from the middle one."""
    left, middle, right = three
    bend = left - 2 * middle + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0
