"""What is decided about a region before its first picture is drawn: where the lips go and which mouths are used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceTrack, MouthMotion
from avsynth.lipsync.bank import Bank
from avsynth.lipsync.blend import smoothstep
from avsynth.lipsync.canonical import Placed, Points
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.selection import Choice, select
from avsynth.lipsync.traits import traits


@dataclass(frozen=True)
class Plan:
    """One stretch of frames in which the mouth is replaced; numbers only, no pictures.

    Attributes:
        start: Index in the film of the first frame.
        track: The face in these frames.
        placed: The same, brought to the template.
        shapes: ``(T, P, 2)`` where the mouth points go, the jaw where the film has it.
        choice: Which mouths of the bank are drawn.
        opacity: ``(T,)`` 0 where the original shows, 1 where it is hidden.
    """

    start: int
    track: FaceTrack
    placed: Placed
    shapes: Points
    choice: Choice
    opacity: NDArray[np.float32]

    def covers(self, frame: int) -> bool:
        """Whether the film's frame is one of the plan's."""
        return self.start <= frame < self.start + len(self.opacity)


def stretches(track: FaceTrack, *, motion: MouthMotion, strength: NDArray[np.float32] | None) -> list[tuple[int, int]]:
    """Frames ``[start, end)`` of the film that face and motion cover and whose strength is above 0.

    Raises:
        ValueError: ``strength`` is not one number a frame of the motion.
    """
    if strength is not None and strength.shape != (len(motion),):
        raise ValueError(f"strength must have shape ({len(motion)},), got {strength.shape}")
    first, last = max(track.start, motion.start), min(track.end, motion.start + len(motion))
    if first >= last:
        return []
    wanted = np.ones(last - first, bool)
    if strength is not None:
        wanted = strength[first - motion.start : last - motion.start] > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8)))
    return [(first + int(a), first + int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def make_plan(
    track: FaceTrack, *, motion: MouthMotion, level: NDArray[np.float32], person: PersonMouth, bank: Bank
) -> Plan:
    """Decide for one stretch.

    In the first half of a fade the original mouth is covered by one of the same shape, in the second half that one
    moves to the wanted shape: two mouths are never seen through each other.

    Args:
        track: The face in exactly these frames.
        motion: How the mouth shall move in exactly these frames.
        level: ``(T,)`` strength, 0..1.
        person: The person's mouth.
        bank: Their mouths.
    """
    placed = person.place(track)
    shapes = person.shapes(motion, placed=placed)
    shapes[:, person.points.jaw] = placed.mouth[:, person.points.jaw]
    moved = smoothstep(2 * level.astype(np.float64) - 1)[:, None, None]
    shapes = placed.mouth + (shapes - placed.mouth) * moved
    choice = select(traits(shapes, placed.rigid, person=person), bank.traits)
    opacity = np.asarray(np.where(placed.valid, smoothstep(2 * level), 0), np.float32)
    return Plan(track.start, track, placed, shapes, choice, opacity)
