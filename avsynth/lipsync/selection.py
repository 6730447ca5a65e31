"""Which of the person's mouths fits each frame: the cheapest path through the bank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

WINDOW_FRAMES = 512  # a longer region is chosen piece by piece, so that memory does not grow with the film
CANDIDATES = 32
CROSSFADE_FRAMES = 2  # on either side of a jump

# Weights of the costs, which are in hundredths of the distance of the outer eye corners.
_POSE = 0.8
_JAW = 0.35
_OPENING = 6.0  # of the logarithm of the ratio of openings: a closed mouth cannot be had from an open one
_OPENING_FLOOR = 0.012
_BLUR = 1.5
_JUMP = 2.2
_HOLD, _SKIP = 0.6, 0.4
_CHANGE = 0.6


@dataclass(frozen=True)
class Traits:
    """What selection compares, of targets or of the bank's mouths.

    Attributes:
        lips: ``(N, 2L)`` lip points in canonical units.
        chin: ``(N, 2C)`` points of the middle of the jaw.
        opening: ``(N,)``.
        pose: ``(N, A)`` in canonical units.
        source: ``(N,)`` which clip.
        frame: ``(N,)`` index in that clip.
        blur: ``(N,)`` 0 where sharp; logarithm of how much less sharp than usual.
    """

    lips: Matrix
    chin: Matrix
    opening: NDArray[np.float32]
    pose: Matrix
    source: NDArray[np.int32]
    frame: NDArray[np.int32]
    blur: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.opening)


@dataclass(frozen=True)
class Choice:
    """What to draw in each frame.

    Attributes:
        first: ``(T,)`` index in the bank.
        second: ``(T,)`` index of the mouth it is crossfaded with; equal to ``first`` where there is none.
        weight: ``(T,)`` of the second, 0 to 0.5.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    weight: NDArray[np.float32]


def select(wanted: Traits, bank: Traits) -> Choice:
    """Choose a mouth for every wanted one: near in shape and pose, sharp, and a continuation of the one before.

    Playing the footage on costs nothing, holding or skipping a frame little, jumping elsewhere more; a jump while
    the lips are closed is cheap, since no teeth show it.

    Args:
        wanted: The targets, in frame order.
        bank: The person's mouths.
    """
    pieces = range(0, len(wanted), WINDOW_FRAMES)
    path = np.concatenate([_cheapest_path(_part(wanted, i, i + WINDOW_FRAMES), bank) for i in pieces])
    return _crossfaded(path, bank)


def _part(traits: Traits, start: int, end: int) -> Traits:
    part = slice(start, end)
    return Traits(
        traits.lips[part],
        traits.chin[part],
        traits.opening[part],
        traits.pose[part],
        traits.source[part],
        traits.frame[part],
        traits.blur[part],
    )


def _distance(a: Matrix, b: Matrix) -> Matrix:
    """Root mean square distance of points, ``(N, M)``, in hundredths of the unit."""
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    return np.asarray(100 * np.sqrt(np.maximum(square, 0) / (a.shape[1] / 2)), np.float32)


def _unary(wanted: Traits, bank: Traits) -> Matrix:
    """How badly each mouth of the bank fits each target on its own, ``(T, N)``."""
    a, b = (np.log(np.maximum(t.opening, 0) + _OPENING_FLOOR) for t in (wanted, bank))
    cost = _distance(wanted.lips, bank.lips) + _JAW * _distance(wanted.chin, bank.chin)
    cost += _POSE * _distance(wanted.pose, bank.pose) + _OPENING * np.abs(a[:, None] - b[None])
    return np.asarray(cost + _BLUR * bank.blur[None], np.float32)


def _cheapest_path(wanted: Traits, bank: Traits) -> NDArray[np.intp]:
    """Viterbi over the best candidates of each frame."""
    unary = _unary(wanted, bank)
    count = min(CANDIDATES, len(bank))
    candidates = np.argpartition(unary, count - 1, axis=1)[:, :count]
    candidates.sort(axis=1)
    own = np.take_along_axis(unary, candidates, axis=1)
    change = _CHANGE * (_distance(bank.lips, bank.lips) + _distance(bank.pose, bank.pose))
    visible = 0.35 + 0.65 * np.clip(wanted.opening / 0.04, 0, 1)
    total = own[0]
    back = np.zeros(own.shape, np.intp)
    for i in range(1, len(wanted)):
        before, now = candidates[i - 1], candidates[i]
        step = bank.frame[now][None] - bank.frame[before][:, None]
        same = bank.source[now][None] == bank.source[before][:, None]
        jump = (_JUMP + change[np.ix_(before, now)]) * visible[i]
        cost = np.where(same & (step == 1), 0, jump)
        cost = np.where(same & (step == 0), _HOLD, cost)
        cost = np.where(same & ((step == 2) | (step == -1)), _SKIP, cost)
        reached = total[:, None] + cost
        back[i] = reached.argmin(axis=0)
        total = reached.min(axis=0) + own[i]
    path = np.empty(len(wanted), np.intp)
    at = int(total.argmin())
    for i in range(len(wanted) - 1, -1, -1):
        path[i] = candidates[i, at]
        at = back[i, at]
    return path


def _crossfaded(path: NDArray[np.intp], bank: Traits) -> Choice:
    """Let the footage on both sides of a jump run on across it, and fade from the one into the other."""
    count = len(path)
    step = np.diff(bank.frame[path])
    smooth = (np.diff(bank.source[path]) == 0) & (step >= -1) & (step <= 2)
    jumps = np.flatnonzero(~smooth) + 1
    where = {(int(s), int(f)): i for i, (s, f) in enumerate(zip(bank.source, bank.frame, strict=True))}
    second, weight = path.copy(), np.zeros(count, np.float32)
    edges = np.concatenate([[0], jumps, [count]])
    for before, jump, after in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        left, right = min(CROSSFADE_FRAMES, jump - before), min(CROSSFADE_FRAMES, after - jump)
        for i in range(jump - left, jump + right):
            ahead = i >= jump
            anchor = int(path[jump - 1] if ahead else path[jump])
            offset = i - (jump - 1) if ahead else i - jump
            share = (i - jump + 0.5 + left) / (left + right)
            share = 1 - share if ahead else share
            if share > weight[i]:
                second[i], weight[i] = _run_on(anchor, offset, bank, where), share
    return Choice(path, second, weight)


def _run_on(anchor: int, offset: int, bank: Traits, where: dict[tuple[int, int], int]) -> int:
    """The mouth ``offset`` frames on from ``anchor`` in its clip, or the last one on the way that the bank holds."""
    direction = 1 if offset > 0 else -1
    at = anchor
    for step in range(direction, offset + direction, direction):
        key = (int(bank.source[anchor]), int(bank.frame[anchor]) + step)
        if key not in where:
            break
        at = where[key]
    return at
