"""Tells which pieces of track show the same person, by the shape of the head in three dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceTrack

# Forehead, temples, cheeks and brows of the mesh, besides the rigid points: what speech moves least.
_HEAD = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 127, 234, 93, 21, 54, 103, 67, 109),
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 50, 280, 205, 425),
)
_FRONTAL_DEGREES = 20.0
_FRAMES = 64  # of a piece that are looked at, at most

# Root mean square differences over the eye corners' distance, measured on 5 people in 9 clips: one person 0.012 at most
# while frontal and 0.023 while turning; two people 0.019 at least and 0.035 in the median.
_ALONE = 0.03
_AMONG_OTHERS = 0.018


def number_people(shots: Sequence[Sequence[FaceTrack]]) -> tuple[FaceTrack, ...]:
    """Give every piece an id that pieces of the same person share.

    Pieces in one shot are different people. Where every shot shows one face at most, pieces are one person unless
    their heads differ clearly; where several people are seen together, pieces are one person only if their heads are
    alike. Layouts without depth cannot tell: there, a face that is always alone is one person and others are not.

    Args:
        shots: The pieces of every shot; their ids are ignored.

    Returns:
        All pieces in film order.
    """
    alone = all(len(pieces) <= 1 for pieces in shots)
    most = _ALONE if alone else _AMONG_OTHERS
    heads: list[list[NDArray[np.float64] | None]] = []  # of each person, one a piece
    numbered: list[FaceTrack] = []
    for pieces in shots:
        taken: set[int] = set()
        for piece in sorted(pieces, key=lambda piece: -len(piece)):
            head = head_shape(piece)
            person = _nearest(head, heads, taken, most=most, alone=alone)
            if person is None:
                person = len(heads)
                heads.append([])
            heads[person].append(head)
            taken.add(person)
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


def _nearest(
    head: NDArray[np.float64] | None,
    heads: Sequence[Sequence[NDArray[np.float64] | None]],
    taken: set[int],
    *,
    most: float,
    alone: bool,
) -> int | None:
    if head is None:
        return 0 if alone and heads else None
    gaps = {
        person: min((head_difference(head, other) for other in own if other is not None), default=np.inf)
        for person, own in enumerate(heads)
        if person not in taken
    }
    best = min(gaps, key=gaps.__getitem__, default=None)
    return best if best is not None and gaps[best] <= most else None


def _with_id(track: FaceTrack, number: int) -> FaceTrack:
    return FaceTrack(number, track.start, track.layout, track.landmarks_px, track.visible, track.score, track.pose)
