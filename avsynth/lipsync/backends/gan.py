"""The renderer `footage`, corrected by a small trained network, for those people on whom that is measured to help."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from avsynth.core.face import FacePatch, FaceTrack, MouthMotion
from avsynth.core.media import Frames
from avsynth.core.progress import Progress, silent
from avsynth.lipsync.backends.footage import FootageRenderer
from avsynth.lipsync.bank import Bank
from avsynth.lipsync.base import Footage
from avsynth.lipsync.person import PersonMouth
from avsynth.lipsync.plan import Plan
from avsynth.lipsync.refine import network_planes, refined, sketch
from avsynth.lipsync.trial import LEAST_FRAMES, Trial
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_frames
from avsynth.models.hub import load_into
from avsynth.models.mouth_refiner import MouthRefiner

CARD = "lipsync/mouth-refiner"
_CODE = 127.5  # code values of 255 in one unit of the network
_TRIAL_FRAMES = 24  # rendered to judge by
_TRIAL_BANK = 250  # footage frames before them that are used at most: enough to draw from, and soon read
_STRENGTHS = (1.0, 0.5, 0.25)  # shares of the network's change that are tried on a person
_KEPT_ASIDE = 0.3  # share of the footage that is drawn from the rest

_log = logging.getLogger(__name__)


class GanRenderer:
    """Draws with `footage`, then lets the network correct each mouth where its patch covers the film.

    Before it does so, it puts the person back into the end of their own footage with mouths of its beginning, and
    holds the drawn and the corrected mouth against what was filmed. Where the correction does not help, `notes` says
    so, and the pictures are those of `footage`, to the bit.

    Args:
        network: The refiner; None loads the card's.

    Attributes:
        trial: What was measured, of the strength that is used or else of the fullest; None before ``prepare``.
        strength: Share of the network's change that is added, 0 where it does not help.
    """

    def __init__(self, network: torch.nn.Module | None = None) -> None:
        if network is None:
            network = MouthRefiner()
            load_into(network, card=CARD)
        self._network = network.eval()
        self._footage = FootageRenderer()
        self.trial: Trial | None = None
        self.strength = 0.0

    @property
    def notes(self) -> tuple[str, ...]:
        """Whether the network is used, and by what measure."""
        return () if self.trial is None else (self.trial.told(),)

    @property
    def person(self) -> PersonMouth:
        """What was learnt of the person's mouth; see ``FootageRenderer.person``."""
        return self._footage.person

    @property
    def bank(self) -> Bank:
        """The person's mouths; see ``FootageRenderer.bank``."""
        return self._footage.bank

    def prepare(self, footage: Sequence[Footage], *, progress: Progress = silent) -> None:
        """Learn and collect as `footage` does, then measure whether the network helps this person.

        Raises:
            InputError: There is no footage, or none of it shows a usable face.
            MediaError: A clip cannot be read.
        """
        self._footage.prepare(footage, progress=progress)
        progress("measuring the refiner", 0, 0)
        trials = self._try_on(max(footage, key=lambda item: int(item.usable.sum())))
        helpful = [strength for strength in _STRENGTHS if trials[strength].helps]
        self.strength = max(helpful, key=lambda strength: trials[strength].gain_db, default=0.0)
        self.trial = trials[self.strength or _STRENGTHS[0]]
        _log.info("%s", self.trial.told())

    def render(
        self,
        frames: Frames,
        *,
        track: FaceTrack,
        motion: MouthMotion,
        strength: NDArray[np.float32] | None = None,
    ) -> list[FacePatch]:
        """Draw the mouth into a chunk; see ``base.Renderer``. Give track, motion and strength of the whole region."""
        drawn = self._footage.render_planned(frames, track=track, motion=motion, strength=strength)
        if not self.strength:
            return [patch for patch, _ in drawn]
        changes = (self._change(frames, patch, plan, self._footage) for patch, plan in drawn)
        return [
            refined(patch, self.strength * change, plan=plan)
            for (patch, plan), change in zip(drawn, changes, strict=True)
        ]

    def _change(self, frames: Frames, patch: FacePatch, plan: Plan, renderer: FootageRenderer) -> NDArray[np.float32]:
        """What the network would add to one mouth; alone, since a batch rounds differently and chunks must not show."""
        seen = sketch(frames, patch, plan=plan, bank=renderer.bank, points=renderer.person.points)
        with torch.inference_mode():
            change = self._network(torch.from_numpy(network_planes(seen.stack()))[None])[0]
        code_values: NDArray[np.float32] = _CODE * change.permute(1, 2, 0).numpy()
        return code_values

    def _try_on(self, footage: Footage) -> dict[float, Trial]:
        """Put the person back into the end of their footage, with mouths from before it; one trial a strength."""
        trials, rows = {strength: Trial() for strength in _STRENGTHS}, np.flatnonzero(footage.usable)
        aside = rows[round((1 - _KEPT_ASIDE) * len(rows)) :]
        if len(aside) < LEAST_FRAMES:
            return trials
        border, track = int(aside[0]), footage.track
        first = int(rows[max(0, len(rows) - len(aside) - _TRIAL_BANK)])
        renderer = FootageRenderer()
        before = track.cut(track.start + first, track.start + border)
        renderer.prepare([Footage(footage.path, before, footage.usable[first:border])])
        tail = track.cut(track.start + border, track.end)
        rate = require_video(probe(footage.path)).frame_rate
        motion = renderer.person.follow(tail, frame_rate=rate)
        chosen = set((aside[:: -(-len(aside) // _TRIAL_FRAMES)] + track.start).tolist())
        for frames in read_frames(footage.path, start=tail.start, end=tail.end, chunk=1):
            if frames.start in chosen:
                for patch, plan in renderer.render_planned(frames, track=tail, motion=motion):
                    change = self._change(frames, patch, plan, renderer)
                    for strength, trial in trials.items():
                        made = refined(patch, strength * change, plan=plan)
                        trial.add(frames, drawn=patch, refined=made, plan=plan)
        return trials
