"""Tells which pieces of track show the same person, by the shape of the head and by what is around eyes and nose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceTrack
from avsynth.face.appearance import Look, likeness, skin_difference

# Forehead, temples, cheeks and brows of the mesh, besides the rigid points: what speech moves least.
_HEAD = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 127, 234, 93, 21, 54, 103, 67, 109),
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 50, 280, 205, 425),
)
_FRONTAL_DEGREES = 20.0
_FRAMES = 64  # of a piece that are looked at, at most

# Measured on six people in 40 pieces of 26 clips. Root mean square differences of heads over the eye corners' distance:
# one person 0.012 at most while frontal and 0.028 while turning; two people 0.017 at least and 0.035 in the median, so
# that shape alone does not tell. Likeness less six times that, less the difference of skin: the nearest earlier piece
# of the same person 0.81 at least, two people 0.63 at most; without shape 0.87 and 0.79. The bars lie nearer to the
# same person's: a person under two numbers is named twice, two people under one get each other's mouth.
_SHAPE_WEIGHT = 6.0
_ALIKE = 0.75
_ALIKE_WITHOUT_SHAPE = 0.85
_SHAPE_ALONE = 0.013


@dataclass(frozen=True)
class _Seen:
    """What one piece shows of a person."""

    head: NDArray[np.float64] | None
    look: Look | None

    def excess(self, other: _Seen) -> float:
        """How far beyond the bar the two are alike; below 0 they are not taken for one person."""
        alike: float | None = None
        if self.look is not None and other.look is not None:
            alike = likeness(self.look, other.look) - skin_difference(self.look, other.look)
        if self.head is None or other.head is None:
            return -np.inf if alike is None else alike - _ALIKE_WITHOUT_SHAPE
        if alike is None:
            return _SHAPE_ALONE - head_difference(self.head, other.head)
        if alike < _ALIKE:  # no head mends that, and many pieces are compared
            return alike - _ALIKE
        return alike - _SHAPE_WEIGHT * head_difference(self.head, other.head) - _ALIKE


@dataclass
class _Person:
    """Who was seen so far: what each piece shows, and the numbers of the shots."""

    pieces: list[_Seen] = field(default_factory=list)
    shots: set[int] = field(default_factory=set)

    def excess(self, seen: _Seen) -> float:
        return max(seen.excess(piece) for piece in self.pieces)


def number_people(
    shots: Sequence[Sequence[FaceTrack]], *, looks: Sequence[Sequence[Look | None]] | None = None
) -> tuple[FaceTrack, ...]:
    """Give every piece an id that pieces of the same person share.

    Pieces in one shot are different people. Of others, a piece is the person of the earlier piece it is most like, if
    it is clearly like it, and unlike everyone who was seen together with that person. Where that cannot be told, it
    gets a number of its own, never another person's.

    Args:
        shots: The pieces of every shot; their ids are ignored.
        looks: What each of them looks like; None where that is not known, and only the head's shape is compared.

    Returns:
        All pieces in film order.
    """
    people: list[_Person] = []
    numbered: list[FaceTrack] = []
    known = looks if looks is not None else [[None] * len(pieces) for pieces in shots]
    for number, (pieces, shown) in enumerate(zip(shots, known, strict=True)):
        for piece, look in sorted(zip(pieces, shown, strict=True), key=lambda pair: -len(pair[0])):
            seen = _Seen(head_shape(piece), look)
            person = _nearest(seen, [None if number in person.shots else person for person in people])
            if person is None:
                person = len(people)
                people.append(_Person())
            people[person].pieces.append(seen)
            people[person].shots.add(number)
            numbered.append(_with_id(piece, person))
    return tuple(sorted(numbered, key=lambda piece: (piece.start, piece.id)))


def head_shape(track: FaceTrack) -> NDArray[np.float64] | None:
    """The mean head of a piece, ``(N, 3)``, centered and scaled; None where the layout has no depth."""
    if track.layout.points < 468 or not np.any(track.landmarks_px[..., 2]):
        return None
    turned = np.abs(track.pose[:, :2]).max(axis=1) + 1000 * ~track.visible
    order = np.argsort(turned, kind="stable")
    frontal = order[: max(1, min(_FRAMES, int((turned < _FRONTAL_DEGREES).sum())))]
    points = track.landmarks_px[frontal][:, [*track.layout.rigid, *_HEAD]].astype(np.float64)
    heads = [_normal(face) for face in points]
    mean = heads[0]
    for _ in range(2):
        mean = _normal(np.mean([_turned(head, mean) for head in heads], axis=0))
    return mean


def head_difference(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Root mean square distance of two heads, over the distance of the outer eye corners."""
    gap = _turned(first, second) - second
    eyes = np.linalg.norm(second[3] - second[0])  # rigid points 33 and 263
    return float(np.sqrt((gap**2).sum(axis=1).mean()) / eyes)


def _normal(points: NDArray[np.float64]) -> NDArray[np.float64]:
    centered = points - points.mean(axis=0)
    normal: NDArray[np.float64] = centered / np.sqrt((centered**2).sum())
    return normal


def _turned(head: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    left, _, right = np.linalg.svd(head.T @ target)
    turned: NDArray[np.float64] = head @ (left @ right)
    return turned


def _nearest(seen: _Seen, people: Sequence[_Person | None]) -> int | None:
    """Number of the one person it can be; None are those it cannot be."""
    excess = {number: person.excess(seen) for number, person in enumerate(people) if person is not None}
    near = sorted((number for number in excess if excess[number] >= 0), key=lambda number: -excess[number])
    if not near:
        return None
    shots = [person.shots if person is not None else set() for person in people]
    return None if any(shots[near[0]] & shots[other] for other in near[1:]) else near[0]


def _with_id(track: FaceTrack, number: int) -> FaceTrack:
    return replace(track, id=number)
