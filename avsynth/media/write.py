"""Writes pictures as they were shown: same planes, times, colors, shape and turn; whole files or none."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream as PictureStream
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.files import whole_file
from avsynth.core.media import Frames, VideoStream, pixel_format
from avsynth.media.layout import native_color, native_format
from avsynth.media.mux import mux, output_errors
from avsynth.media.turns import short_turns

__all__ = ["EncodeSettings", "FilmWriter", "mux"]

_SEGMENTS = (".mp4", ".mov")
# x264's result depends on the number of threads; one alone gives the same bytes for the same film, always.
_THREADS = 1
_X264_FORMATS = {"gray", "yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le"}
_PRORES_PROFILES = {"yuv422p10le": "hq", "yuv444p10le": "4444"}
_DNXHR_PROFILES = {"yuv422p": "dnxhr_hq", "yuv422p10le": "dnxhr_hqx", "yuv444p10le": "dnxhr_444"}
_GOP_SECONDS = 2
# x264's "superfast" leaves out what makes files small cheaply, a look at how long each block stays; B-pictures cost
# more than that. With both changed it came nearer to the source at crf 15 than "veryfast" does (50.0, not 49.8 dB at
# 720p), in less than half the time, for a fifth more bytes.
_QUICK_PRESET = "superfast"
_QUICK = ":mbtree=1:rc-lookahead=10:bframes=0"
# With AVX-512, what x264's "mbtree" finds hangs on what lay in memory before, so the same pictures gave other bytes
# now and then. With AVX2 they do not, and take no longer. Every processor that has the first has these, too.
_CPU_AVX_512F = 13  # CV_CPU_AVX_512F of OpenCV's cvdef.h; its Python module has the question but not the name
_WITHOUT_AVX512 = ":asm=avx2,fma3,lzcnt,bmi2"
_WAITING_CHUNKS = 2  # that the caller may be ahead of the encoder, which has a thread of its own


@dataclass(frozen=True)
class EncodeSettings:
    """How pictures are coded.

    Attributes:
        codec: ``"libx264"``, or for ``.mov`` ``"prores_ks"`` or ``"dnxhd"`` (DNxHR).
        preset: x264's: a slower one makes smaller files of the same quality.
        crf: x264's quality: 0 is lossless in 8 bits, 15 is hard to tell from the source, 23 is x264's default.
    """

    codec: str = "libx264"
    preset: str = "superfast"
    crf: float = 15.0

    def options(self, name: str, *, suffix: str) -> dict[str, str]:
        """Options of the encoder for pixel format ``name``.

        Raises:
            InputError: The codec is unknown, or does not hold that format or fit the container.
        """
        if self.codec == "libx264":
            if name in _X264_FORMATS:
                parameters = "open-gop=0" + (_QUICK if self.preset == _QUICK_PRESET else "")
                if cv2.checkHardwareSupport(_CPU_AVX_512F):
                    parameters += _WITHOUT_AVX512
                return {"preset": self.preset, "crf": f"{self.crf:g}", "x264-params": parameters}
            raise InputError(f"libx264 does not hold {name}; choose another codec")
        profiles = {"prores_ks": _PRORES_PROFILES, "dnxhd": _DNXHR_PROFILES}.get(self.codec)
        if profiles is None:
            raise InputError(f"cannot encode with {self.codec!r}; choose libx264, prores_ks or dnxhd")
        if suffix != ".mov":
            raise InputError(f"{self.codec} belongs into .mov, not {suffix}; name the segment .mov or choose libx264")
        if name not in profiles:
            held = " or ".join(profiles)
            raise InputError(f"{self.codec} holds {held}, the film is {name}; choose libx264 or convert the film first")
        return {"profile": profiles[name]}


DEFAULT_SETTINGS = EncodeSettings()


class FilmWriter:
    """Writes consecutive pictures of a film into a segment without sound, for ``mux`` to join.

    The encoder gets exactly the planes of the chunks. Presentation times are kept, on the film's clock: the film's
    first picture is at 0, wherever its container began. Every segment can be decoded without the others. Encoding has a
    thread of its own, so the chunks that were given must not be changed afterwards.

    Args:
        path: The segment, ``.mp4`` or ``.mov``; it appears when the ``with`` ends well.
        like: The film the pictures come from.
        settings: How to encode.

    Raises:
        InputError: Another suffix, a codec that does not fit, or chunks that do not follow each other.
        OutputError: The file cannot be written; nothing is left of it.
    """

    def __init__(self, path: Path, *, like: VideoStream, settings: EncodeSettings = DEFAULT_SETTINGS) -> None:
        self._path, self._like = path, like
        suffix = path.suffix.lower()
        if suffix not in _SEGMENTS:
            # Matroska rounds times to milliseconds, so a segment in it could not be joined exactly.
            raise InputError(f"a segment must end in .mp4 or .mov, got {path.name!r}; mux makes .mkv from them")
        self._format = native_format(like.pixel_format)
        # FFmpeg calls full-range yuv420p "yuvj420p"; the encoder takes the range from the color tags.
        self._coded = self._format.replace("yuvj", "yuv")
        self._options = settings.options(self._coded, suffix=suffix)
        if settings.codec == "libx264":
            _require_even(like, self._coded)
        self._codec = settings.codec
        self._first = round(like.start / like.time_base)
        self._next: int | None = None
        self._waiting: Frames | None = None
        self._exits = ExitStack()
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="avsynth-encode")
        self._begun: deque[Future[None]] = deque()
        self.frame_count = 0

    def __enter__(self) -> Self:
        temporary = self._exits.enter_context(whole_file(self._path))
        with output_errors(self._path), ExitStack() as undo:
            undo.push(self._exits.__exit__)
            self._exits.enter_context(short_turns())
            options = {"movie_timescale": str(max(self._like.time_base.denominator, 1000)), "fflags": "+bitexact"}
            self._container = av.open(str(temporary), "w", options=options)
            self._stream = self._open_stream(self._container)
            undo.pop_all()
        return self

    def _open_stream(self, container: OutputContainer) -> PictureStream:
        like = self._like
        stream = container.add_stream(self._codec, rate=like.frame_rate, options=self._options)
        assert isinstance(stream, PictureStream)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = like.width, like.height, self._coded
        context.time_base = stream.time_base = like.time_base
        context.framerate = like.frame_rate
        context.sample_aspect_ratio = like.sample_aspect_ratio
        context.thread_count = _THREADS
        context.gop_size = max(1, round(like.frame_rate * _GOP_SECONDS))
        color = native_color(like.color, name=like.pixel_format)
        context.color_primaries, context.color_trc = color.primaries, color.transfer
        context.colorspace, context.color_range = color.matrix, 2 if self._format.startswith("yuvj") else color.range
        if like.rotation:
            stream.set_display_rotation(-like.rotation)
        return stream

    def write(self, frames: Frames) -> None:
        """Append a chunk, which must begin where the one before it ended.

        Raises:
            InputError: It does not follow, or is of another size or format than the film.
            OutputError: The file cannot be written.
        """
        if self._next is not None and frames.start != self._next:
            raise InputError(f"expected the frames from {self._next} on, got them from {frames.start} on")
        if frames.pixel_format != self._format:
            raise InputError(f"expected pictures in {self._format}, got {frames.pixel_format}")
        if (frames.width, frames.height) != (self._like.width, self._like.height):
            expected = f"{self._like.width}x{self._like.height}"
            raise InputError(f"expected pictures of {expected}, got {frames.width}x{frames.height}")
        self._next = frames.start + len(frames)
        # A picture lasts until the next, so the last of a chunk waits for the chunk after it.
        if self._waiting is not None:
            self._begun.append(self._encoder.submit(self._encode, self._waiting, until=int(frames.pts[0])))
        while len(self._begun) > _WAITING_CHUNKS:
            self._begun.popleft().result()
        self._waiting = frames
        self.frame_count += len(frames)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            try:
                if kind is None:
                    self._finish()
            finally:
                self._encoder.shutdown(cancel_futures=True)  # before the file is closed under it
            with output_errors(self._path) if kind is None else _anything():
                self._container.close()
        except BaseException as problem:
            self._exits.__exit__(type(problem), problem, problem.__traceback__)
            raise
        self._exits.__exit__(kind, error, trace)

    def _finish(self) -> None:
        if self._waiting is None:
            raise InputError(f"no pictures were written to {self._path}")
        while self._begun:
            self._begun.popleft().result()
        step = round(1 / (self._like.frame_rate * self._like.time_base))
        self._encode(self._waiting, until=int(self._waiting.pts[-1]) + max(step, 1))
        with output_errors(self._path):
            self._container.mux(self._stream.encode(None))

    def _encode(self, frames: Frames, *, until: int) -> None:
        ends = [*frames.pts[1:].tolist(), until]
        with output_errors(self._path):
            for index, (pts, end) in enumerate(zip(frames.pts.tolist(), ends, strict=True)):
                picture = _picture([plane[index] for plane in frames.planes], self._coded)
                picture.pts, picture.duration = pts - self._first, end - pts
                picture.time_base = self._like.time_base
                self._container.mux(self._stream.encode(picture))


def _require_even(like: VideoStream, name: str) -> None:
    """x264 codes halved chroma for whole pairs of rows and columns only."""
    shift_x, shift_y = pixel_format(name).chroma_shift
    if like.width % (1 << shift_x) or like.height % (1 << shift_y):
        raise InputError(
            f"x264 cannot hold {name} pictures of {like.width}x{like.height}; crop the film to even width and height"
        )


def _picture(planes: list[NDArray[np.uint8] | NDArray[np.uint16]], name: str) -> av.VideoFrame:
    """FFmpeg's picture with exactly these planes."""
    height, width = planes[0].shape
    picture = av.VideoFrame(width, height, name)
    itemsize = pixel_format(name).dtype.itemsize
    for target, plane in zip(picture.planes, planes, strict=True):
        rows = np.frombuffer(target, np.uint8).reshape(-1, target.line_size)
        rows[: plane.shape[0], : plane.shape[1] * itemsize] = np.ascontiguousarray(plane).view(np.uint8)
    return picture


@contextmanager
def _anything() -> Iterator[None]:
    """While an error is under way, a second one of closing the half-written file says nothing new."""
    try:
        yield
    except (OSError, av.error.FFmpegError):
        return
