"""Films of faces as they are: pictures put together in the test, and which of them a job changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from jobs import grant
from synth import draw_film, syllable_sound, syllables

import avsynth
from avsynth.core.report import QCReport

Image = npt.NDArray[np.uint8]


def pictures(film: Path) -> list[Image]:
    """Every picture of a short film in RGB."""
    with av.open(str(film)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def encode(
    path: Path,
    frames: Sequence[Image],
    *,
    rate: Fraction | int = 25,
    rotation: int = 0,
    interlaced: bool = False,
    times: Sequence[Fraction] | None = None,
) -> Path:
    """Write pictures as H.264.

    Args:
        path: The film.
        frames: ``(h, w, 3)`` RGB.
        rate: Frames a second.
        rotation: Degrees clockwise a player shall turn them.
        interlaced: Say that they hold two fields.
        times: When each is shown; even at the rate without.
    """
    rate, base = Fraction(rate), Fraction(1, 90_000)
    options = {"crf": "12", "preset": "veryfast"} | ({"x264-params": "interlaced=1:tff=1"} if interlaced else {})
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = base
        if rotation:
            stream.set_display_rotation(-rotation)
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24").reformat(format="yuv420p")
            shown = times[index] if times is not None else index / rate
            frame.pts, frame.time_base = round(shown / base), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@dataclass(frozen=True)
class Changed:
    """What a job did: the finished film, its report, and the placement of every patch."""

    film: Path
    report: QCReport
    patches: tuple[dict[str, Any], ...]

    def frames(self) -> list[int]:
        """Which frames were changed."""
        return sorted({patch["frame"] for patch in self.patches})

    def reasons(self, frames: range) -> set[str]:
        """Why these frames were left as they are."""
        return {
            item.reason for item in self.report.passed_through if item.start < frames.stop and frames.start < item.end
        }


def speak(film: Path, *, folder: Path, seconds: float = 2, **options: Any) -> Changed:
    """Let a drawn performer drive a film; every frame of a usable face is to change."""
    shared = folder.parent / "shared-by-hard-films"  # the performer is drawn and followed once
    shared.mkdir(exist_ok=True)
    actor = shared / f"actor-{seconds}.mp4"
    if not actor.exists():
        openings = syllables(round(25 * seconds), rate_hz=1.7)
        sound = syllable_sound(openings, frame_rate=25)
        draw_film(actor, openings=openings, size=(480, 400), scale_px=80.0, audio=sound)
    made = avsynth.reenact(
        film,
        performance=actor,
        consent=grant(folder / "consent.json", kinds=("likeness",)),
        output=folder / "out.mp4",
        options=avsynth.ReenactOptions(work=shared / "work", patches=folder / "patches", **options),
    )
    listed = folder / "patches" / "patches.json"
    patches = json.loads(listed.read_text(encoding="utf-8"))["patches"] if listed.exists() else []
    return Changed(made.output, made.report, tuple(patches))


def runs(frames: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Unbroken stretches ``[start, end)`` of frame numbers in order."""
    start = None
    for index, frame in enumerate(frames):
        start = frame if start is None else start
        if index + 1 == len(frames) or frames[index + 1] != frame + 1:
            yield start, frame + 1
            start = None
