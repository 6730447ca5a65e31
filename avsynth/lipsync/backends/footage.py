"""The person's own mouths, found in their footage, bent to the wanted shape and blended into the film."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.face import FacePatch, FaceTrack, MouthMotion
from avsynth.core.media import Frames
from avsynth.core.progress import Progress, silent
from avsynth.lipsync.bank import Bank, collect
from avsynth.lipsync.base import Footage
from avsynth.lipsync.painter import Painter
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.plan import Plan, make_plan, stretches

_PLANS_KEPT = 4


class FootageRenderer:
    """Finds, bends and blends real mouths; needs no training and no network.

    Memory holds the bank and the plans of the few stretches that are being drawn, whatever the film's length.
    """

    def __init__(self) -> None:
        self._painter: Painter | None = None
        self._region: tuple[FaceTrack, MouthMotion, NDArray[np.float32] | None] | None = None
        self._plans: list[Plan] = []

    @property
    def person(self) -> PersonMouth:
        """What was learnt of the person's mouth.

        Raises:
            InputError: ``prepare`` was not called.
        """
        return self._prepared().person

    @property
    def bank(self) -> Bank:
        """The person's mouths.

        Raises:
            InputError: ``prepare`` was not called.
        """
        return self._prepared().bank

    def prepare(self, footage: Sequence[Footage], *, progress: Progress = silent) -> None:
        """Learn how the person's mouth moves and collect mouths from their footage.

        Raises:
            InputError: There is no footage, or none of it shows a usable face.
            MediaError: A clip cannot be read.
        """
        if not footage:
            raise InputError("the renderer needs footage of the person; give at least one clip")
        person = PersonMouth.learn([(item.track, item.usable) for item in footage])
        self._painter = Painter(person, collect(footage, person=person, progress=progress))
        self._region, self._plans = None, []

    def render(
        self,
        frames: Frames,
        *,
        track: FaceTrack,
        motion: MouthMotion,
        strength: NDArray[np.float32] | None = None,
    ) -> list[FacePatch]:
        """Draw the mouth into a chunk; see ``base.Renderer``. Give track, motion and strength of the whole region."""
        return [patch for patch, _ in self.render_planned(frames, track=track, motion=motion, strength=strength)]

    def render_planned(
        self,
        frames: Frames,
        *,
        track: FaceTrack,
        motion: MouthMotion,
        strength: NDArray[np.float32] | None = None,
    ) -> list[tuple[FacePatch, Plan]]:
        """As ``render``, each patch with the plan it was drawn by."""
        painter = self._prepared()
        first, last = frames.start, frames.start + len(frames)
        drawn: list[tuple[FacePatch, Plan]] = []
        for start, end in stretches(track, motion=motion, strength=strength):
            if start < last and first < end:
                plan = self._plan((start, end), track=track, motion=motion, strength=strength)
                drawn += [(patch, plan) for patch in painter.paint(frames, plan)]
        return sorted(drawn, key=lambda pair: pair[0].frame)

    def _plan(
        self,
        stretch: tuple[int, int],
        *,
        track: FaceTrack,
        motion: MouthMotion,
        strength: NDArray[np.float32] | None,
    ) -> Plan:
        """The plan of one stretch, kept while the same region is drawn."""
        region = (track, motion, strength)
        if self._region is None or any(a is not b for a, b in zip(self._region, region, strict=True)):
            self._region, self._plans = region, []
        start, end = stretch
        for plan in self._plans:
            if plan.start == start and len(plan.opacity) == end - start:
                return plan
        rows = slice(start - motion.start, end - motion.start)
        level = np.ones(end - start, np.float32) if strength is None else np.clip(strength[rows], 0, 1)
        part = MouthMotion(motion.basis, motion.coefficients[rows], motion.frame_rate, start)
        painter = self._prepared()
        plan = make_plan(track.cut(start, end), motion=part, level=level, person=painter.person, bank=painter.bank)
        self._plans = [*self._plans[1 - _PLANS_KEPT :], plan]
        return plan

    def _prepared(self) -> Painter:
        if self._painter is None:
            raise InputError("the renderer has no mouths yet; call prepare() with footage of the person first")
        return self._painter
