"""What selection compares, measured on placed mouths."""

from __future__ import annotations

import numpy as np

from avsynth.lipsync.canonical import Points
from avsynth.lipsync.lips import features
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.selection import Traits

_INNER_WEIGHT = 1.5  # the opening shows more than the lips' outline


def traits(mouth: Points, rigid: Points, *, person: PersonMouth) -> Traits:
    """Measure mouths ``(N, P, 2)`` with their rigid points ``(N, R, 2)``; source, frame and blur are zeros."""
    points, count = person.points, len(mouth)
    lips = mouth[:, points.lips].copy()
    lips[:, points.inner] *= _INNER_WEIGHT
    opening = features(mouth, points=points)[:, 0]
    zeros = np.zeros(count, np.int32)
    return Traits(
        lips.reshape(count, -1).astype(np.float32),
        mouth[:, points.chin].reshape(count, -1).astype(np.float32),
        opening.astype(np.float32),
        (rigid - person.template.rigid).reshape(count, -1).astype(np.float32),
        zeros,
        zeros,
        np.zeros(count, np.float32),
    )
