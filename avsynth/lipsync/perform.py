"""A performer's mouth over time: read from their face, free of their person, for another person's mouth to repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter1d

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack, MouthMotion, runs
from avsynth.core.span import Seconds
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.visemes import BASIS, COMPONENTS

# Shares of the performer's range. On 80 GRID sentences nine bilabials in ten are read below 0.03, and pauses below
# 0.02: lips that come nearer than the first are closed, and stay so until they part by the second.
SHUT, PARTED = 0.06, 0.1
BRIDGE_SECONDS = 0.2  # a lost face is guessed for so long
RELEASE_SECONDS = 0.12  # then the mouth comes to rest within
_STEADY_SECONDS = 0.02  # deviation of the smoothing: takes out the landmarks' jitter
_TALKING = 0.25  # of the widest opening: wider is speech
_AROUND_SECONDS = 0.5  # of silence around speech counts as speaking
_OPENING = COMPONENTS.index("opening")
_RELEASED = np.array([name not in ("opening", "tuck") for name in COMPONENTS], np.float32)  # by lips that touch


@dataclass(frozen=True)
class Performance:
    """How a performer's mouth moves, at the times of their own film.

    Attributes:
        ticks: ``(N,)`` int64, increasing: when each row is shown, from the film's first picture.
        tick: Seconds of one tick.
        coefficients: ``(N, K)`` float32 in the basis ``visemes.BASIS``; lips that touch have an opening of exactly 0.

    Raises:
        ValueError: The shapes do not fit, or time does not increase.
    """

    ticks: NDArray[np.int64]
    tick: Fraction
    coefficients: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.coefficients.shape != (len(self.ticks), len(COMPONENTS)):
            raise ValueError(f"{len(self.ticks)} times do not fit coefficients {self.coefficients.shape}")
        if (np.diff(self.ticks) <= 0).any():
            raise ValueError("the times of a performance must increase")

    def at(self, times: Sequence[Seconds]) -> NDArray[np.float32]:
        """The motion at other times, ``(T, K)``: between two rows the mean by distance, far from any row at rest.

        A closure that falls between two of the times closes the nearest one, so that no bilabial is lost.

        Args:
            times: In seconds of the performance, increasing.

        Example:
            >>> rows = np.zeros((3, 5), np.float32)
            >>> rows[:, 0] = [0.2, 0.4, 0.4]
            >>> spoken = Performance(np.arange(3), Fraction(1, 50), rows)
            >>> moved = spoken.at([Fraction(0), Fraction(1, 100), Fraction(5)])
            >>> [round(float(opening), 2) for opening in moved[:, 0]]
            [0.2, 0.3, 0.0]
        """
        wanted = np.array([float(time) for time in times])
        if not len(self.ticks):
            return np.zeros((len(wanted), len(COMPONENTS)), np.float32)
        own = np.array([float(int(count) * self.tick) for count in self.ticks])
        knots, rows = _with_rests(own, self.coefficients.astype(np.float64))
        moved = np.stack([np.interp(wanted, knots, column) for column in rows.T], axis=1)
        step = float(np.median(np.diff(wanted))) if len(wanted) > 1 else float("inf")
        for first, last in runs(self.coefficients[:, _OPENING] == 0):
            begin, end = own[first], own[last - 1]
            nearest = int(np.abs(wanted - (begin + end) / 2).argmin())
            inside = ((wanted >= begin) & (wanted <= end)).any()
            if not inside and abs(wanted[nearest] - (begin + end) / 2) <= step:
                moved[nearest, _OPENING] = 0
        return moved.astype(np.float32)


def read_performance(pieces: Sequence[tuple[FaceTrack, NDArray[np.bool_]]], *, clock: Sequence[Seconds]) -> Performance:
    """Read how a performer speaks, as shares of their own range: who mumbles and who shouts move another mouth alike.

    Args:
        pieces: Their track, piece by piece in film order, and in which frames the mouth is well seen; the others are
            left out.
        clock: When each picture of their film is shown.

    Raises:
        InputError: The face is seen well in no frame.
    """
    if not any(usable.any() for _, usable in pieces):
        raise InputError("the performer's face is never seen well; film it from the front, at least 40 px between eyes")
    rate = (len(clock) - 1) / float(clock[-1] - clock[0]) if len(clock) > 1 else 25.0
    person = PersonMouth.learn(_speaking(pieces, rate))
    tick = Fraction(1, lcm(*{time.denominator for time in clock}))
    ticks: list[NDArray[np.int64]] = []
    rows: list[NDArray[np.float32]] = []
    for track, usable in pieces:
        read = person.read(track, frame_rate=Fraction(round(rate * 1000), 1000)).coefficients
        for first, last in runs(usable):
            seen = read[first:last]
            steady = gaussian_filter1d(seen, _STEADY_SECONDS * rate, axis=0, mode="nearest")
            steady[closed(seen[:, _OPENING])] *= _RELEASED
            rows.append(steady)
            times = clock[track.start + first : track.start + last]
            ticks.append(np.array([int(time / tick) for time in times], np.int64))
    return Performance(np.concatenate(ticks), tick, np.concatenate(rows))


def closed(opening: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where lips that nearly touch are taken to touch, ``(T,)``: from there on until they part for good.

    >>> closed(np.array([0.5, 0.05, 0.08, 0.05, 0.5], np.float32)).tolist()
    [False, True, True, True, False]
    """
    out = np.zeros(len(opening), np.bool_)
    shut = False
    for row, value in enumerate(opening):
        shut = out[row] = bool(value < (PARTED if shut else SHUT))
    return out


def retarget(
    performance: Performance, *, times: Sequence[Seconds], frame_rate: Fraction, start: int = 0
) -> MouthMotion:
    """The performance as motion of a film, whose own rate and times it takes.

    Args:
        performance: The performer's mouth; its time zero is the film's.
        times: When each frame is shown, in seconds of the film.
        frame_rate: Frames a second of the film.
        start: Index in the film of the first frame.
    """
    return MouthMotion(BASIS, performance.at(times), frame_rate, start)


def _speaking(
    pieces: Sequence[tuple[FaceTrack, NDArray[np.bool_]]], rate: float
) -> list[tuple[FaceTrack, NDArray[np.bool_]]]:
    """The frames in or near speech, where there is any: long pauses would make a range out of silence."""
    openings = [track.layout.mouth_opening(track.landmarks_px) for track, _ in pieces]
    seen = np.concatenate([o[usable] for o, (_, usable) in zip(openings, pieces, strict=True)])
    limit = _TALKING * float(np.quantile(seen, 0.99))
    reach = np.ones(2 * max(1, round(_AROUND_SECONDS * rate)) + 1, bool)
    return [
        (track, usable & binary_dilation(usable & (opening >= limit), reach))
        for opening, (track, usable) in zip(openings, pieces, strict=True)
    ]


def _with_rests(
    times: NDArray[np.float64], rows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Add rows of rest where the face was lost for long, and before and after the performance."""
    gaps = np.flatnonzero(np.diff(times) > BRIDGE_SECONDS)
    begins, ends = times[np.append(gaps, len(times) - 1)], times[np.insert(gaps + 1, 0, 0)]
    reach = min(RELEASE_SECONDS, BRIDGE_SECONDS / 2)
    rests = np.concatenate([begins + reach, ends - reach])
    knots = np.concatenate([times, rests])
    order = np.argsort(knots, kind="stable")
    return knots[order], np.concatenate([rows, np.zeros((len(rests), rows.shape[1]))])[order]
