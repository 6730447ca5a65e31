"""Reads pictures by exact number in their own planes, and sound to the exact sample."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream as PictureStream
from numpy.typing import NDArray

from avsynth.core.errors import InputError, MediaError
from avsynth.core.media import ColorTags, Frames, VideoStream, pixel_format
from avsynth.media.index import FilmIndex, index_film
from avsynth.media.layout import native_color, native_format, picture_planes
from avsynth.media.probe import probe, require_video
from avsynth.media.read_sound import read_audio
from avsynth.media.sandbox import DEFAULT_LIMITS, Limits, open_media, restrict_decoder

PicturePacket: TypeAlias = "Packet[PictureStream]"  # generic in its stub only

__all__ = ["read_audio", "read_frames"]


def read_frames(
    path: Path, *, start: int = 0, end: int | None = None, chunk: int = 16, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Frames]:
    """Read the pictures ``[start, end)`` of a film, a chunk at a time; memory does not grow with the film.

    Picture ``k`` is the k-th that is shown, whatever the container's rate says, so films of varying rate and films
    with an edit list count as a player shows them. No colors are converted: the planes are the decoder's, bit for
    bit, except in formats outside ``PIXEL_FORMATS`` (see ``layout.native_format``). Rotation is not applied.

    Args:
        path: The film.
        start: First picture.
        end: After the last picture; None: to the end of the film.
        chunk: Pictures a chunk, at least 1; the last chunk may hold fewer.
        limits: What is refused.

    Yields:
        Chunks in order, together exactly the pictures ``[start, end)``.

    Raises:
        MediaError: The film cannot be read, or a picture in it cannot be decoded.
        InputError: ``[start, end)`` is not inside the film, or ``chunk`` is not positive.
    """
    video = require_video(probe(path, limits=limits))
    stop = video.frame_count if end is None else end
    if chunk < 1:
        raise InputError(f"a chunk must hold at least 1 frame, got {chunk}")
    if not 0 <= start <= stop <= video.frame_count:
        raise InputError(f"frames [{start}, {stop}) are not inside {path}, which has {video.frame_count}")
    return _chunks(path, video, range(start, stop), chunk, limits)


def _chunks(path: Path, video: VideoStream, wanted: range, chunk: int, limits: Limits) -> Iterator[Frames]:
    if not wanted:
        return
    buffer = _Buffer(video, wanted, chunk)
    for number, pts, frame in _decode(path, wanted, limits):
        if number != buffer.next:
            raise MediaError(
                f"picture {buffer.next} of {path} cannot be decoded; the film is damaged there: get a fresh copy"
            )
        if (frame.width, frame.height) != (video.width, video.height):
            raise MediaError(f"{path} changes its size at picture {number}; cut it there and give one part")
        full = buffer.put(frame, pts)
        if full is not None:
            yield full
        if buffer.next == wanted.stop:
            return
    raise MediaError(f"{path} ends at picture {buffer.next} of {wanted.stop}; get a fresh copy of it")


class _Buffer:
    """Collects pictures into chunks."""

    def __init__(self, video: VideoStream, wanted: range, chunk: int) -> None:
        self.next, self._stop, self._chunk = wanted.start, wanted.stop, chunk
        self._height, self._width = video.height, video.width
        self._format = native_format(video.pixel_format)
        self._color: ColorTags = native_color(video.color, name=video.pixel_format)
        self._filled = 0
        self._allocate()

    def _allocate(self) -> None:
        count = min(self._chunk, self._stop - self.next)
        layout = pixel_format(self._format)
        self._planes = tuple(
            np.empty((count, *layout.plane_shape(index, self._height, self._width)), layout.dtype)
            for index in range(layout.planes)
        )
        self._pts: NDArray[np.int64] = np.zeros(count, np.int64)
        self._filled = 0

    def put(self, frame: av.VideoFrame, pts: int) -> Frames | None:
        """Copy one picture in; give the chunk if it is full."""
        if native_format(frame.format.name) != self._format:
            raise MediaError(f"the film changes from {self._format} to {frame.format.name} at picture {self.next}")
        for target, plane in zip(self._planes, picture_planes(frame), strict=True):
            target[self._filled] = plane
        self._pts[self._filled] = pts
        self._filled += 1
        self.next += 1
        if self._filled < len(self._pts):
            return None
        done = Frames(self._planes, self._format, self.next - self._filled, self._pts, self._color)
        if self.next < self._stop:
            self._allocate()
        return done


def _decode(path: Path, wanted: range, limits: Limits) -> Iterator[tuple[int, int, av.VideoFrame]]:
    """Number, presentation time and picture, from ``wanted.start`` on."""
    index = index_film(path, limits=limits)
    key = index.key_before(wanted.start)
    with open_media(path, limits=limits) as container:
        stream = _picture_stream(container, index, limits)
        if key is None:
            yield from _numbered(container.demux(stream), stream, index, wanted)
            return
        container.seek(key, stream=stream, backward=True)
        packets = _from_key(container.demux(stream), key)
        if packets is not None:
            yield from _numbered(packets, stream, index, wanted)
            return
    # Seeking is inexact in MPEG streams and in files with a poor index: read on to the key picture without decoding.
    with open_media(path, limits=limits) as container:
        stream = _picture_stream(container, index, limits)
        packets = _from_key(container.demux(stream), key, patient=True)
        if packets is None:
            raise MediaError(f"{path} changed while it was read; run it again")
        yield from _numbered(packets, stream, index, wanted)


def _picture_stream(container: InputContainer, index: FilmIndex, limits: Limits) -> PictureStream:
    stream = container.streams[index.stream]
    assert isinstance(stream, PictureStream)
    restrict_decoder(stream, limits)
    return stream


def _from_key(packets: Iterator[PicturePacket], key: int, *, patient: bool = False) -> Iterator[PicturePacket] | None:
    """The packets from the key picture of that time on; None if they begin after it."""
    for packet in packets:
        if packet.is_keyframe and packet.pts == key:
            return _chain(packet, packets)
        if not patient and packet.dts is not None and packet.dts > key:
            return None
    return None


def _chain(first: PicturePacket, rest: Iterator[PicturePacket]) -> Iterator[PicturePacket]:
    yield first
    yield from rest


def _numbered(
    packets: Iterator[PicturePacket], stream: PictureStream, index: FilmIndex, wanted: range
) -> Iterator[tuple[int, int, av.VideoFrame]]:
    counter = 0
    for packet in packets:
        for frame in stream.decode(packet):
            if index.exact:
                pts = frame.pts
                number = -1 if pts is None else int(np.searchsorted(index.pts, pts))
                known = 0 <= number < len(index.pts) and index.pts[number] == pts
                if not known:
                    continue  # a picture before the first that a player shows
            else:
                number, counter = counter, counter + 1
            if number >= wanted.start:
                yield number, int(index.pts[number]), frame
