"""What every renderer of mouths can do, and the renderers by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FacePatch, FaceTrack, MouthMotion
from avsynth.core.media import Frames, Waveform
from avsynth.core.progress import Progress, silent
from avsynth.core.registry import Registry
from avsynth.core.span import Seconds


@dataclass(frozen=True)
class Footage:
    """A film that shows the person, from which a renderer may learn or take their mouth.

    Attributes:
        path: The film.
        track: The person's face in it.
        usable: ``(T,)`` bool, one a frame of the track: well seen, so fit to be learnt from.

    Raises:
        ValueError: ``usable`` and the track differ in length.
    """

    path: Path
    track: FaceTrack
    usable: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.usable.shape != (len(self.track),):
            raise ValueError(f"usable must have shape ({len(self.track)},), got {self.usable.shape}")


class Renderer(Protocol):
    """Draws one person's mouth into their film, chunk by chunk."""

    def prepare(self, footage: Sequence[Footage], *, progress: Progress = silent) -> None:
        """Learn the person's mouth from ``footage``; called once, before ``render``."""

    def render(
        self,
        frames: Frames,
        *,
        track: FaceTrack,
        motion: MouthMotion,
        strength: NDArray[np.float32] | None = None,
    ) -> list[FacePatch]:
        """Draw the mouth of every frame of the chunk that the motion covers and the face is seen in.

        Args:
            frames: Consecutive pictures of the film; chunks come in film order.
            track: The person's face in the whole region.
            motion: How the mouth shall move, for the whole region.
            strength: ``(len(motion),)`` in 0..1, one a frame of the motion: 0 leaves the original mouth, 1 replaces
                it, between them the one becomes the other. None is 1 everywhere.

        Returns:
            At most one patch a frame; frames without one stay as they are.
        """


@dataclass(frozen=True)
class DrivingSound:
    """What a face is heard saying, for renderers that draw from sound.

    Attributes:
        waveform: The voice of this face alone, silent where the face says nothing.
        since: When its first sample is heard, in seconds of the film.
        first: Index in the film of the first frame that may be drawn.
        times: When that frame and each one after it is shown, in seconds of the film.
    """

    waveform: Waveform
    since: Seconds
    first: int
    times: tuple[Seconds, ...]


@runtime_checkable
class SoundDriven(Protocol):
    """A ``Renderer`` that draws from the sound itself, and takes from the motion only which frames it covers."""

    def hear(self, sound: DrivingSound) -> None:
        """Take the sound of the frames that ``render`` is given next; called before each ``render``."""


RENDERERS = Registry(
    "renderer",
    {
        "footage": "avsynth.lipsync.backends.footage:FootageRenderer",
        "gan": "avsynth.lipsync.backends.gan:GanRenderer",
        "portrait": "avsynth.lipsync.backends.portrait:PortraitRenderer",
        "wav2lip": "avsynth.lipsync.backends.wav2lip:Wav2LipRenderer",
        "wav2lip-gan": "avsynth.lipsync.backends.wav2lip:Wav2LipGanRenderer",
    },
)
