"""Draws tiny films whose every picture carries its own number, with PyAV alone and none of the code under test."""

import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from avsynth.core.media import ColorTags, Frames, Waveform, pixel_format

BITS = 10  # stripes that spell a number
LOSSLESS = {"crf": "0", "preset": "ultrafast"}


@dataclass(frozen=True)
class Recipe:
    """What ``film`` draws."""

    count: int = 40
    rate: Fraction = Fraction(25)
    width: int = 80
    height: int = 48
    pixel_format: str = "yuv420p"
    times: Sequence[int] | None = None  # ticks; None: one after the other at ``rate``
    time_base: Fraction | None = None
    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=lambda: dict(LOSSLESS))
    color: ColorTags = field(default_factory=ColorTags)
    sample_aspect_ratio: Fraction = Fraction(1)
    rotation: int = 0
    metadata: dict[str, str] = field(default_factory=dict)
    container_options: dict[str, str] = field(default_factory=dict)
    sound: Waveform | None = None
    sound_codec: str = "aac"
    sound_start: int = 0  # in samples
    language: str = ""


def planes_of(number: int, recipe: Recipe) -> list[np.ndarray]:
    """The planes of picture ``number``: stripes that spell it, and seeded texture in the chroma."""
    layout = pixel_format(recipe.pixel_format)
    random = np.random.default_rng(number)
    unit = 1 << (layout.bit_depth - 8)
    planes = []
    for index in range(layout.planes):
        height, width = layout.plane_shape(index, recipe.height, recipe.width)
        if index == 0:
            stripes = np.array([200 if number >> bit & 1 else 40 for bit in range(BITS)])
            row = stripes[np.minimum(np.arange(width) * BITS // width, BITS - 1)]
            plane = np.broadcast_to(row, (height, width)) * unit + random.integers(0, 8, (height, width))
        else:
            plane = 100 * unit + random.integers(0, 32, (height, width))
        planes.append(plane.astype(layout.dtype))
    return planes


def picture(planes: Sequence[np.ndarray], name: str) -> av.VideoFrame:
    """FFmpeg's picture with these planes."""
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, name)
    for target, plane in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(target, np.uint8).reshape(-1, target.line_size)
        raw = np.ascontiguousarray(plane).view(np.uint8)
        rows[: raw.shape[0], : raw.shape[1]] = raw
    return frame


def draw(path: Path, recipe: Recipe) -> Path:
    """Write the film."""
    time_base = recipe.time_base or 1 / recipe.rate
    with av.open(str(path), "w", options=recipe.container_options) as container:
        container.metadata.update(recipe.metadata)
        stream = container.add_stream(recipe.codec, rate=recipe.rate, options=recipe.options)
        stream.width, stream.height, stream.pix_fmt = recipe.width, recipe.height, recipe.pixel_format
        stream.codec_context.time_base = stream.time_base = time_base
        context, color = stream.codec_context, recipe.color
        context.color_primaries, context.color_trc = color.primaries, color.transfer
        context.colorspace, context.color_range = color.matrix, color.range
        context.sample_aspect_ratio = recipe.sample_aspect_ratio
        if recipe.rotation:
            stream.set_display_rotation(-recipe.rotation)
        track = None
        if recipe.sound is not None:
            layout = "mono" if recipe.sound.channels == 1 else "stereo"
            track = container.add_stream(recipe.sound_codec, rate=recipe.sound.sample_rate, layout=layout)
            track.codec_context.time_base = Fraction(1, recipe.sound.sample_rate)
            if recipe.language:
                track.metadata["language"] = recipe.language
        for number in range(recipe.count):
            frame = picture(planes_of(number, recipe), recipe.pixel_format)
            step = round(1 / (recipe.rate * time_base))
            frame.pts = recipe.times[number] if recipe.times is not None else number * step
            frame.time_base = time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if track is not None:
            encode_sound(container, track, recipe.sound, recipe.sound_start)
    return path


def encode_sound(container, track, sound: Waveform, start: int = 0) -> None:
    """Encode a whole waveform into a track."""
    size = track.codec_context.frame_size or 1024
    name = track.codec_context.format.name
    for begin in range(0, sound.samples.shape[1], size):
        part = sound.samples[:, begin : begin + size]
        if name == "s16":
            data = np.round(part.T * 32767).astype(np.int16).reshape(1, -1)
        elif name == "s16p":
            data = np.round(part * 32767).astype(np.int16)
        elif name in ("s32", "s32p"):
            data = (np.round(part * 2**23).astype(np.int64).clip(-(2**23), 2**23 - 1) << 8).astype(np.int32)
            data = data if name == "s32p" else data.T.reshape(1, -1)
        else:
            data = part.astype(np.float32)
        layout = track.codec_context.layout.name
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data), format=name, layout=layout)
        frame.sample_rate = sound.sample_rate
        frame.pts, frame.time_base = begin + start, Fraction(1, sound.sample_rate)
        container.mux(track.encode(frame))
    container.mux(track.encode(None))


def numbers(frames: Frames) -> list[int]:
    """What the stripes of each picture spell."""
    luma = frames.planes[0].astype(np.float64) / (1 << (pixel_format(frames.pixel_format).bit_depth - 8))
    centers = ((np.arange(BITS) + 0.5) * frames.width / BITS).astype(int)
    bits = luma[:, :, centers].mean(axis=1) > 120
    return [int(sum(1 << bit for bit in range(BITS) if row[bit])) for row in bits]


def click_track(positions: Sequence[int], *, length: int, sample_rate: int = 48_000, channels: int = 1) -> Waveform:
    """Silence with a click of full height at each position."""
    samples = np.zeros((channels, length), np.float32)
    samples[:, list(positions)] = 0.9
    return Waveform(samples, sample_rate)


def clicks(waveform: Waveform, *, apart: int = 400, floor: float = 0.2) -> list[int]:
    """Where the loudest sample of each click lies."""
    level = np.abs(waveform.samples[0])
    found: list[int] = []
    for position in np.argsort(-level):
        if level[position] < floor:
            break
        if all(abs(position - other) > apart for other in found):
            found.append(int(position))
    return sorted(found)


@contextmanager
def limit_file_size(size: int) -> Iterator[None]:
    """Writing beyond ``size`` bytes fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


class Studio:
    """What tests use of this file."""

    Recipe = Recipe
    LOSSLESS = LOSSLESS
    planes_of = staticmethod(planes_of)
    picture = staticmethod(picture)
    draw = staticmethod(draw)
    numbers = staticmethod(numbers)
    click_track = staticmethod(click_track)
    clicks = staticmethod(clicks)
    encode_sound = staticmethod(encode_sound)


@pytest.fixture(scope="session")
def studio() -> type[Studio]:
    """The drawing tools."""
    return Studio


@pytest.fixture
def file_size_limit() -> Callable[[int], AbstractContextManager[None]]:
    """``with file_size_limit(20_000):`` makes the disk full."""
    return limit_file_size


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """``film("a.mp4", count=10, ...)`` draws a film and gives its path."""

    def make(name: str = "film.mp4", **fields: object) -> Path:
        return draw(tmp_path / name, Recipe(**fields))  # type: ignore[arg-type]

    return make
