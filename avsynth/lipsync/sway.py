"""The small movements of a head at rest, and blinks: functions of film time alone, so that no cut of the work shows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from avsynth.lipsync.blend import smoothstep

TURN = float(np.radians(1.1))  # most that a head rolls
SHIFT = 0.012  # most that it shifts, in distances of the outer eye corners
LOOK = 0.022  # most that the nose moves before the ears when the head turns or nods
NOD = 0.008  # further down with a wide open mouth
_RATES_HZ = (0.07, 0.31)
_WAVES = 4
_PAUSE_S = (2.0, 6.0)
_UNLIKE_S = 0.4  # two pauses in a row differ by as much at least
_CLOSING_S, _SHUT_S, _OPENING_S = (0.10, 0.15), 0.04, (0.15, 0.25)


@dataclass(frozen=True)
class HeadPose:
    """How far a head is from where the photo has it.

    Attributes:
        turn: Roll in radians, clockwise in the picture.
        shift: ``(2,)`` to the right and down, in distances of the outer eye corners.
        look: ``(2,)`` how much further the nose moves than the rim of the face, from yaw and pitch.
    """

    turn: float
    shift: NDArray[np.float64]
    look: NDArray[np.float64]

    def scaled(self, level: float) -> HeadPose:
        """As much of it as ``level``, 0..1."""
        return HeadPose(self.turn * level, self.shift * level, self.look * level)


def sway(time: Fraction, *, seed: int, emphasis: float = 0.0) -> HeadPose:
    """Where the head is at a time of the film: slow waves whose lengths have no common multiple, and a nod.

    Args:
        time: Seconds of the film.
        seed: Chooses the waves.
        emphasis: 0..1, how much the mouth does just now.
    """
    rates, phases = _waves(seed)
    wave = np.sin(2 * np.pi * (rates * float(time) + phases)).mean(axis=1)
    nod = NOD * float(smoothstep(np.array(2 * emphasis - 0.8)))
    return HeadPose(
        TURN * float(wave[0]), SHIFT * np.array([wave[1], 0.7 * wave[2]]), LOOK * wave[3:5] + np.array([0, nod])
    )


@lru_cache(maxsize=64)
def _waves(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rates in Hz and phases in turns, ``(5, waves)`` each."""
    random = np.random.default_rng(seed)
    return random.uniform(*_RATES_HZ, (5, _WAVES)), random.uniform(0, 1, (5, _WAVES))


@dataclass(frozen=True)
class Blink:
    """One blink: when it begins, is shut, opens and is over, in seconds of the film."""

    start: float
    shut: float
    opening: float
    end: float

    def closed(self, time: float) -> float:
        """How far the lids are closed, 0..1."""
        if time < self.shut:
            return float(smoothstep(np.array((time - self.start) / (self.shut - self.start))))
        return 1 - float(smoothstep(np.array((time - self.opening) / (self.end - self.opening))))


def blinks(*, seed: int, until: float) -> tuple[Blink, ...]:
    """Every blink that begins before ``until`` seconds of a film; longer films begin with the same ones.

    Example:
        >>> blinks(seed=3, until=30.0)[:2] == blinks(seed=3, until=90.0)[:2]
        True
    """
    random = np.random.default_rng([seed, 1])
    found: list[Blink] = []
    pause, time = 0.0, random.uniform(0.8, 3.0)
    while time < until:
        shut = time + random.uniform(*_CLOSING_S)
        end = shut + _SHUT_S + random.uniform(*_OPENING_S)
        found.append(Blink(time, shut, shut + _SHUT_S, end))
        before, pause = pause, random.uniform(*_PAUSE_S)
        while abs(pause - before) < _UNLIKE_S:
            pause = random.uniform(*_PAUSE_S)
        time += pause
    return tuple(found)


def lids_closed(time: Fraction, *, seed: int, within: tuple[Fraction, Fraction] | None = None) -> float:
    """How far the lids are closed at a time of the film, 0..1; a blink that a cut would halve is left out.

    Args:
        time: Seconds of the film.
        seed: Chooses the blinks.
        within: Start and end of the shot; None where there is no cut.
    """
    now = float(time)
    first, last = within or (0.0, np.inf)
    # Made to a whole minute, so that the same ones are remembered for many frames.
    for blink in _until_minute(seed, int(now // 60) + 1):
        if blink.start <= now <= blink.end and blink.start >= first and blink.end <= last:
            return blink.closed(now)
    return 0.0


@lru_cache(maxsize=64)
def _until_minute(seed: int, minute: int) -> tuple[Blink, ...]:
    return blinks(seed=seed, until=60.0 * minute)
