"""Does a correction of drawn mouths help this person? Measured on pictures of theirs that were kept aside."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FacePatch
from avsynth.core.media import Frames
from avsynth.lipsync.canonical import Points
from avsynth.lipsync.plan import Plan
from avsynth.media.color import region_rgb

# What is compared, in distances of the outer eye corners about the lips' middle: the box of metrics.reenactment.
_BOX = (0.84, 0.67)
_GAIN_DB = 0.1  # a smaller gain is chance
_MOST = 0.6  # share of the frames that must gain
_SHARP = (0.85, 1.18)  # shares of the true gradient energy between which a mouth looks neither soft nor harsh
_SOFTER = 0.02  # how much farther from the true one, as a logarithm, a correction may be that lies outside
LEAST_FRAMES = 8  # to judge by


@dataclass
class Trial:
    """What was measured, frame by frame.

    Attributes:
        drawn: Mean squared error of each drawn mouth.
        refined: The same of each corrected one.
        energy: Gradient energy of what was filmed, drawn and corrected, each summed over all frames.
    """

    drawn: list[float] = field(default_factory=list)
    refined: list[float] = field(default_factory=list)
    energy: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))

    def add(self, frames: Frames, *, drawn: FacePatch, refined: FacePatch, plan: Plan) -> None:
        """Compare one frame, in which the film itself shows the wanted mouth."""
        height, width = drawn.alpha.shape
        place = {"left": drawn.left, "top": drawn.top, "width": width, "height": height}
        film = region_rgb(frames, drawn.frame - frames.start, **place).astype(np.float32)
        weight = drawn.alpha * self._box(plan.placed.to_canonical[drawn.frame - plan.start], place)
        if weight.sum() < 1:
            return
        cover = drawn.alpha[..., None]
        made = [film + cover * (patch.image - film) for patch in (drawn, refined)]
        for errors, picture in zip((self.drawn, self.refined), made, strict=True):
            errors.append(float((((picture - film) ** 2).mean(axis=2) * weight).sum() / weight.sum()))
        self.energy += [_detail(picture, weight) for picture in (film, *made)]

    @property
    def gain_db(self) -> float:
        """How much nearer the truth the corrected mouths are, in dB of PSNR, in the mean of the frames."""
        if not self.drawn:
            return 0.0
        before, after = (np.maximum(errors, 1e-3) for errors in (self.drawn, self.refined))
        return float(10 * np.log10(before / after).mean())

    @property
    def sharpness(self) -> tuple[float, float]:
        """Gradient energy of drawn and of corrected mouths over that of the filmed ones."""
        true, drawn, refined = self.energy + 1e-6
        return float(drawn / true), float(refined / true)

    @property
    def helps(self) -> bool:
        """Nearer the truth in the mean and in most frames, and as sharp as a real mouth, or as what was drawn."""
        if len(self.drawn) < LEAST_FRAMES:
            return False
        most = float(np.mean(np.array(self.refined) < np.array(self.drawn))) >= _MOST
        before, after = (abs(np.log(share)) for share in self.sharpness)
        sharp = _SHARP[0] <= self.sharpness[1] <= _SHARP[1] or bool(after <= before + _SOFTER)
        return most and self.gain_db >= _GAIN_DB and sharp

    def told(self) -> str:
        """The outcome in a sentence."""
        if len(self.drawn) < LEAST_FRAMES:
            return "the footage is too short to measure whether correcting its mouths helps, so they stay as drawn"
        figures = f"{self.gain_db:+.2f} dB, sharpness {self.sharpness[0]:.2f} to {self.sharpness[1]:.2f}"
        counted = f"measured on {len(self.drawn)} frames kept aside: {figures}"
        if self.helps:
            return f"drawn mouths are corrected by the network ({counted})"
        return f"correcting this person's mouths does not help, so they stay as drawn ({counted})"

    @staticmethod
    def _box(to_canonical: Points, place: dict[str, int]) -> NDArray[np.float32]:
        """1 in the compared box."""
        across = np.arange(place["width"]) + place["left"], np.arange(place["height"]) + place["top"]
        pixels = np.stack(np.meshgrid(*across), axis=-1)
        at = pixels @ to_canonical[:, :2].T + to_canonical[:, 2]
        return np.asarray((np.abs(at) <= np.array(_BOX) / 2).all(axis=-1), np.float32)


def _detail(picture: NDArray[np.float32], weight: NDArray[np.float32]) -> float:
    gray, at = picture.mean(axis=2), weight[1:, 1:]
    slopes = np.diff(gray, axis=1)[1:] ** 2 + np.diff(gray, axis=0)[:, 1:] ** 2
    return float((slopes * at).sum())
