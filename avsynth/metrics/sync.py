"""Do sound and mouth belong together: the opening that is heard, held against the opening that is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avsynth.core.media import Waveform
from avsynth.metrics.cepstra import COUNT, STEPS_HZ, Rows, cepstra

JUDGE = "sync/opening-judge"
SWAY_SECONDS = 2.04  # slower changes than this are mood and pose, not speech; 51 frames of 25 a second
FARTHEST_SECONDS = 0.4
MEASURABLE_SECONDS = 3  # below, right and wrong sound score too much alike to say anything
_STEP = 1 / STEPS_HZ
_LAGS = np.round(np.arange(-FARTHEST_SECONDS, FARTHEST_SECONDS + _STEP / 2, _STEP), 6)
_BLOCK = 4000
_STILL = 1e-6

Values = NDArray[np.float64]


@dataclass(frozen=True)
class SyncScore:
    """How well a mouth follows a sound.

    Attributes:
        offset_seconds: How much later the picture comes than its sound, to 10 ms, where they agree best; negative
            where the picture comes first.
        peak_r: Their correlation there.
        r_at_zero: Their correlation as they are.
        confidence: ``peak_r`` less the median over all offsets: how much this offset is better than any other.
        frames: How many frames were measured.
    """

    offset_seconds: float
    peak_r: float
    r_at_zero: float
    confidence: float
    frames: int


@dataclass(frozen=True)
class OpeningJudge:
    """A linear guess of the mouth's opening from sound. No generator of mouths may use it: it would please itself.

    Attributes:
        context_steps: ``(N,)`` int: which rows of cepstra around a moment are heard.
        mean: ``(N * COUNT,)`` of what is heard.
        deviation: The same.
        weights: ``(N * COUNT,)``.
    """

    context_steps: NDArray[np.int64]
    mean: Values
    deviation: Values
    weights: Values

    @classmethod
    def of(cls, tensors: Mapping[str, Any]) -> OpeningJudge:
        """From the arrays of a weight file."""
        arrays = {name: np.asarray(value) for name, value in tensors.items()}
        return cls(
            arrays["context_steps"].astype(np.int64),
            *(arrays[name].astype(np.float64) for name in ("mean", "deviation", "weights")),
        )

    def heard(self, rows: Rows) -> NDArray[np.float32]:
        """The opening that is heard at every row of ``cepstra.cepstra``, ``(T,)``, in this speaker's deviations."""
        guess = np.zeros(len(rows), np.float32)
        for first in range(0, len(rows), _BLOCK):
            at = np.arange(first, min(first + _BLOCK, len(rows)))
            seen = context(rows, at, steps=self.context_steps)
            guess[at] = ((seen - self.mean) / self.deviation) @ self.weights
        return guess


def context(rows: Rows, at: NDArray[np.int64], *, steps: NDArray[np.int64]) -> NDArray[np.float32]:
    """The cepstra around some rows, ``(len(at), len(steps) * COUNT)``; the ends of the sound are held."""
    chosen = np.clip(at[:, None] + steps, 0, len(rows) - 1)
    return np.asarray(rows[chosen].reshape(len(at), len(steps) * COUNT), np.float32)


@cache
def shipped_judge() -> OpeningJudge:
    """The judge of ``recipes/GRID/SyncJudge``.

    Raises:
        ModelError: Its weights are absent or not the ones of their card.
    """
    from avsynth.models.hub import load_state

    return OpeningJudge.of(load_state(JUDGE))


def sync_score(
    sound: Waveform | Rows,
    *,
    opening: NDArray[np.float32],
    measured: NDArray[np.bool_],
    frame_rate: Fraction,
    judge: OpeningJudge | None = None,
) -> SyncScore:
    """Score how well a seen mouth follows its sound, and how far the two are apart.

    The opening is guessed from the sound, both are freed of what is slower than ``SWAY_SECONDS``, and correlated over
    the measured frames at every offset up to ``FARTHEST_SECONDS``. Memory and time grow with the film's length, not
    with its square.

    Args:
        sound: The film's sound from its time 0, or its ``cepstra``.
        opening: ``(T,)``: distance of the inner lips over the outer eye corners', frame 0 first.
        measured: ``(T,)`` bool: frames that count; the others may hold anything.
        frame_rate: Frames a second.
        judge: Who guesses; ``shipped_judge()`` if None.

    Source:
        The measure of Chung and Zisserman 2016 ("Out of time": best offset, and confidence as the best against the
        median), with a correlation of openings in the place of their network's distance.

    Raises:
        ValueError: ``opening`` and ``measured`` differ in shape.
        ModelError: The judge's weights cannot be loaded.
    """
    if opening.shape != measured.shape or opening.ndim != 1:
        raise ValueError(f"opening {opening.shape} and measured {measured.shape} must be of one length")
    frames = np.flatnonzero(measured & np.isfinite(opening))
    rows = cepstra(sound) if isinstance(sound, Waveform) else sound
    if len(frames) < 3 or len(rows) < 2:
        return SyncScore(0.0, 0.0, 0.0, 0.0, len(frames))
    heard = (judge or shipped_judge()).heard(rows).astype(np.float64)
    sway = max(round((SWAY_SECONDS * float(frame_rate) - 1) / 2), 1)
    seen = without_sway(opening[frames].astype(np.float64), frames, sway=sway)
    curve = np.zeros(len(_LAGS))
    for index, lag in enumerate(_LAGS):
        at = (frames / float(frame_rate) - lag) * STEPS_HZ
        moved = without_sway(np.interp(at, np.arange(len(heard)), heard), frames, sway=sway)
        curve[index] = _correlation(moved, seen)
    best = int(np.argmax(curve))
    zero = len(_LAGS) // 2
    return SyncScore(
        offset_seconds=float(_LAGS[best]),
        peak_r=float(curve[best]),
        r_at_zero=float(curve[zero]),
        confidence=float(curve[best] - np.median(curve)),
        frames=len(frames),
    )


def without_sway(values: Values, frames: NDArray[np.int64], *, sway: int) -> Values:
    """Values less their mean over all measured frames at most ``sway`` frames away.

    Args:
        values: ``(N,)`` of the measured frames.
        frames: ``(N,)`` their numbers, rising.
        sway: How far to each side.

    Example:
        >>> without_sway(np.array([1.0, 2.0, 3.0, 9.0]), np.array([0, 1, 2, 50]), sway=1)
        array([-0.5,  0. ,  0.5,  0. ])
    """
    total = np.concatenate([[0.0], np.cumsum(values)])
    first = np.searchsorted(frames, frames - sway, side="left")
    last = np.searchsorted(frames, frames + sway, side="right")
    return np.asarray(values - (total[last] - total[first]) / (last - first), np.float64)


def _correlation(a: Values, b: Values) -> float:
    """Of values whose mean is about 0; 0 where one of them does not move."""
    a, b = a - a.mean(), b - b.mean()
    power = float((a @ a) * (b @ b))
    return float(a @ b) / np.sqrt(power) if power > (_STILL**2 * len(a)) ** 2 else 0.0
