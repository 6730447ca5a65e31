"""What a film is made of: its description, its sound, its pictures in their own planes, its shots."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsynth.core.span import Seconds, Span


@dataclass(frozen=True)
class Waveform:
    """Sound: ``samples`` of shape ``(C, T)``, float32, full scale 1.0.

    >>> Waveform(np.zeros((1, 24_000), np.float32), 48_000).duration
    Fraction(1, 2)
    """

    samples: NDArray[np.float32]
    sample_rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise ValueError(f"expected float32 samples of shape (C, T), got {self.samples.dtype} {self.samples.shape}")
        if self.sample_rate <= 0:
            raise ValueError(f"sample_rate must be positive, got {self.sample_rate}")

    @property
    def duration(self) -> Seconds:
        """Exact length in seconds."""
        return Fraction(self.samples.shape[1], self.sample_rate)

    @property
    def channels(self) -> int:
        """Number of channels, C."""
        return int(self.samples.shape[0])

    def mono(self) -> NDArray[np.float32]:
        """The mean of the channels, shape ``(T,)``."""
        mean: NDArray[np.float32] = self.samples.mean(axis=0, dtype=np.float32)
        return mean

    def cut(self, span: Span) -> Waveform:
        """The samples that lie in ``span``; silence where the span reaches outside."""
        wanted = span.samples(self.sample_rate)
        out = np.zeros((self.channels, len(wanted)), np.float32)
        first, last = max(wanted.start, 0), min(wanted.stop, self.samples.shape[1])
        if first < last:
            out[:, first - wanted.start : last - wanted.start] = self.samples[:, first:last]
        return Waveform(out, self.sample_rate)


@dataclass(frozen=True)
class ColorTags:
    """How code values mean colours: the four numbers of ITU-T H.273, as FFmpeg spells them (2 is unspecified).

    ``matrix`` 1 is BT.709, 5 and 6 BT.601, 9 BT.2020; ``range`` 1 is limited ("tv"), 2 full ("pc"), 0 unspecified.
    """

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    range: int = 0


@dataclass(frozen=True)
class PixelFormat:
    """A planar layout this project reads and writes bit-exactly, by FFmpeg's name.

    >>> pixel_format("yuv420p10le").bit_depth
    10
    """

    name: str
    bit_depth: int
    chroma_shift: tuple[int, int]  # log2 of the chroma subsampling (x, y)
    planes: int = 3

    @property
    def dtype(self) -> np.dtype[np.uint8] | np.dtype[np.uint16]:
        """The sample type of the planes."""
        return np.dtype(np.uint8) if self.bit_depth == 8 else np.dtype(np.uint16)

    def plane_shape(self, plane: int, height: int, width: int) -> tuple[int, int]:
        """Height and width of one plane of a picture."""
        if plane == 0:
            return height, width
        shift_x, shift_y = self.chroma_shift
        return -(-height >> shift_y), -(-width >> shift_x)


PIXEL_FORMATS: dict[str, PixelFormat] = {
    layout.name: layout
    for layout in (
        PixelFormat("gray", 8, (0, 0), planes=1),
        PixelFormat("yuv420p", 8, (1, 1)),
        PixelFormat("yuvj420p", 8, (1, 1)),
        PixelFormat("yuv422p", 8, (1, 0)),
        PixelFormat("yuv444p", 8, (0, 0)),
        PixelFormat("yuv420p10le", 10, (1, 1)),
        PixelFormat("yuv422p10le", 10, (1, 0)),
        PixelFormat("yuv444p10le", 10, (0, 0)),
    )
}


def pixel_format(name: str) -> PixelFormat:
    """Look a layout up by FFmpeg's name.

    Raises:
        ValueError: The layout is not one of ``PIXEL_FORMATS``.
    """
    try:
        return PIXEL_FORMATS[name]
    except KeyError:
        raise ValueError(f"pixel format {name!r} is not one of {', '.join(PIXEL_FORMATS)}") from None


@dataclass(frozen=True)
class VideoStream:
    """The picture of a film as its container describes it and its packets confirm it."""

    codec: str
    width: int
    height: int
    frame_rate: Fraction
    frame_count: int
    time_base: Fraction
    pixel_format: str
    color: ColorTags = ColorTags()
    is_vfr: bool = False
    start: Seconds = Fraction(0)
    rotation: int = 0  # degrees clockwise a player turns the picture: 0, 90, 180 or 270
    sample_aspect_ratio: Fraction = Fraction(1)
    timecode: str | None = None

    @property
    def duration(self) -> Seconds:
        """How long all its frames are shown, at an even rate."""
        return self.frame_count / self.frame_rate


@dataclass(frozen=True)
class AudioStream:
    """One sound stream of a film. ``language`` is an ISO 639-2 code or empty."""

    codec: str
    sample_rate: int
    channels: int
    duration: Seconds
    start: Seconds = Fraction(0)
    language: str = ""


@dataclass(frozen=True)
class MediaInfo:
    """What ``media.probe`` found in a file."""

    path: Path
    container: str
    duration: Seconds
    video: VideoStream | None = None
    audio: tuple[AudioStream, ...] = ()


@dataclass(frozen=True)
class Frames:
    """A chunk of consecutive pictures in their own planes: never a whole film.

    Attributes:
        planes: One array a plane, each ``(T, h, w)``, uint8 or uint16; index 0 is luma.
        pixel_format: FFmpeg's name of the layout, one of ``PIXEL_FORMATS``.
        start: Index in the film of the first frame.
        pts: Presentation times ``(T,)``, int64, in units of the stream's time base.
        color: What the code values mean.
    """

    planes: tuple[NDArray[np.uint8] | NDArray[np.uint16], ...]
    pixel_format: str
    start: int
    pts: NDArray[np.int64]
    color: ColorTags = field(default=ColorTags())

    def __post_init__(self) -> None:
        layout = pixel_format(self.pixel_format)
        if len(self.planes) != layout.planes:
            raise ValueError(f"{layout.name} has {layout.planes} planes, got {len(self.planes)}")
        count, height, width = self.planes[0].shape
        for index, plane in enumerate(self.planes):
            expected = (count, *layout.plane_shape(index, height, width))
            if plane.shape != expected or plane.dtype != layout.dtype:
                raise ValueError(
                    f"plane {index} of {layout.name} must be {layout.dtype} {expected}, got {plane.dtype} {plane.shape}"
                )
        if self.pts.shape != (count,):
            raise ValueError(f"expected {count} presentation times, got shape {self.pts.shape}")

    def __len__(self) -> int:
        return int(self.planes[0].shape[0])

    @property
    def height(self) -> int:
        """Rows of the picture, H."""
        return int(self.planes[0].shape[1])

    @property
    def width(self) -> int:
        """Columns of the picture, W."""
        return int(self.planes[0].shape[2])


@dataclass(frozen=True)
class Shot:
    """Frames ``[start, end)`` between two cuts."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a shot must hold a frame, got [{self.start}, {self.end})")

    def __len__(self) -> int:
        return self.end - self.start
