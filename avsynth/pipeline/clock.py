"""When each picture of a film is shown."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from avsynth.core.media import VideoStream
from avsynth.media.probe import frame_times


def frame_clock(film: Path, *, video: VideoStream, frames: range | None = None) -> list[Fraction]:
    """When pictures are shown, in seconds: evenly at a constant rate, as the file says at a varying one.

    Args:
        film: The film.
        video: Its picture.
        frames: Which ones; None: all.
    """
    wanted = range(video.frame_count) if frames is None else frames
    if video.is_vfr:
        ticks, tick = frame_times(film)
        return [int(ticks[index]) * tick for index in wanted]
    return [index / video.frame_rate for index in wanted]
