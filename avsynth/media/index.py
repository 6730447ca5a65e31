"""Lists every picture of a film from its packets, once a file, so that frame numbers are facts and not guesses."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream as PictureStream
from numpy.typing import NDArray

from avsynth.core.errors import MediaError
from avsynth.media.sandbox import DEFAULT_LIMITS, Limits, is_picture, local_file, open_media, restrict_decoder

# Containers that say in their header how long they are; of the others FFmpeg only guesses.
_HONEST_HEADERS = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "wav", "flac", "avi", "w64", "aiff"}
_TOLERANCE = Fraction(1, 4)  # what a header may promise beyond the last packet: rounding, encoder padding


@dataclass(frozen=True)
class FirstPicture:
    """What only a decoded picture tells. ``rotation`` is in degrees clockwise."""

    pts: int
    pixel_format: str
    rotation: int
    full_range: bool


@dataclass(frozen=True)
class FilmIndex:
    """The pictures of one film.

    Attributes:
        stream: Number of the picture stream in its container; -1 without one.
        pts: Presentation times in order, ``(N,)`` int64, in ticks of the stream's time base.
        keys: Those of the pictures from which decoding can begin, in order.
        last_duration: Ticks the last picture is shown, 0 if its packet does not say.
        exact: False where the container gives no usable times; then ``pts`` is a grid, and only counting finds a frame.
        first: The first picture; None without a picture stream.
        ends: When the last packet of each stream ends, in seconds on the container's clock.
    """

    stream: int
    pts: NDArray[np.int64]
    keys: NDArray[np.int64]
    last_duration: int
    exact: bool
    first: FirstPicture | None
    ends: tuple[Fraction | None, ...]

    def key_before(self, frame: int) -> int | None:
        """Presentation time of the last picture at or before ``frame`` where decoding can begin; None: at the start."""
        if not self.exact or frame <= 0:
            return None
        position = int(np.searchsorted(self.keys, self.pts[frame], side="right")) - 1
        return int(self.keys[position]) if position > 0 else None


def index_film(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> FilmIndex:
    """Read every packet of a file, decode its first picture, and remember the result while the file is unchanged.

    Raises:
        MediaError: The file cannot be opened, ends before its header says, or holds no picture that can be decoded.
    """
    source = local_file(path)
    state = source.stat()
    return _index(source, (state.st_mtime_ns, state.st_size, state.st_ino), limits)


@functools.lru_cache(maxsize=32)
def _index(path: Path, _state: tuple[int, int, int], limits: Limits) -> FilmIndex:
    with open_media(path, limits=limits) as container:
        stream = next((s for s in container.streams.video if is_picture(s)), None)
        packets = _Packets(stream)
        for packet in container.demux():
            packets.add(packet)
        _require_whole(container, packets, path)
        ends = tuple(packets.ends.get(s.index) for s in container.streams)
        if stream is None:
            nothing = np.zeros(0, np.int64)
            return FilmIndex(-1, nothing, nothing, 0, True, None, ends)
        number, time_base = stream.index, stream.time_base or Fraction(1, 25)
        guess = stream.guessed_rate or stream.average_rate or Fraction(25)
    first = _first_picture(path, number, limits)
    times = np.array([-1 if pts is None else pts for pts in packets.pts], np.int64)
    exact = None not in packets.pts and len(np.unique(times)) == len(times)
    if exact:
        shown = np.sort(times[times >= first.pts])  # pictures before it lean on ones that were cut away
        keys = np.sort(np.array([pts for pts in packets.keys if pts is not None and pts >= first.pts], np.int64))
    else:
        count = _count_by_decoding(path, number, limits)
        step = 1 / (guess * time_base)
        shown = np.array([round(k * step) for k in range(count)], np.int64) + first.pts
        keys = np.zeros(0, np.int64)
    for array in (shown, keys):
        array.flags.writeable = False  # shared by everyone who asks for this file
    return FilmIndex(number, shown, keys, packets.last_duration, exact, first, ends)


class _Packets:
    """Gathers what the packets of one file say."""

    def __init__(self, picture: Stream | None) -> None:
        self.picture = None if picture is None else picture.index
        self.pts: list[int | None] = []
        self.keys: list[int | None] = []
        self.last_duration = 0
        self.total = 0
        self.broken = False
        self.ends: dict[int, Fraction] = {}
        self._latest = -(2**62)

    def add(self, packet: Packet[Any]) -> None:
        """Note one packet; the empty ones at the end of a file only flush decoders."""
        if packet.size == 0 and packet.dts is None:
            return
        pts, stream = packet.pts, packet.stream
        self.broken |= packet.is_corrupt
        if pts is not None and stream.time_base:
            end = (pts + (packet.duration or 0)) * stream.time_base
            self.ends[stream.index] = max(end, self.ends.get(stream.index, end))
        if stream.index != self.picture:
            return
        self.total += 1
        if packet.is_discard or packet.size == 0:
            return
        self.pts.append(pts)
        if packet.is_keyframe:
            self.keys.append(pts)
        if pts is not None and pts > self._latest:
            self._latest, self.last_duration = pts, packet.duration or 0


def _require_whole(container: InputContainer, packets: _Packets, path: Path) -> None:
    name = container.format.name
    cure = "copy or export it again"
    if name in _HONEST_HEADERS and not _is_streamed_wav(path):
        if packets.broken:
            raise MediaError(f"{path} is cut off in the middle of a packet; {cure}")
        picture = None if packets.picture is None else container.streams[packets.picture]
        if name.startswith("mov") and picture is not None and packets.total < picture.frames:
            raise MediaError(f"{path} holds {packets.total} of the {picture.frames} pictures it promises; {cure}")
        promised = Fraction(container.duration or 0, 1_000_000)
        begin = Fraction(container.start_time or 0, 1_000_000)
        end = max(packets.ends.values(), default=begin)
        if promised and end - begin < promised - _TOLERANCE:
            raise MediaError(
                f"{path} ends after {float(end - begin):.2f} s, its header promises {float(promised):.2f} s; {cure}"
            )
    if not packets.ends and not packets.total:
        raise MediaError(f"{path} holds no pictures and no sound; {cure}")


def _is_streamed_wav(path: Path) -> bool:
    """Whether a program wrote a WAV header before it knew the length, as FFmpeg does into a pipe."""
    with path.open("rb") as file:
        head = file.read(8)
    return head[:4] == b"RIFF" and head[4:] in (b"\xff" * 4, b"\x00" * 4)


def _first_picture(path: Path, number: int, limits: Limits) -> FirstPicture:
    with open_media(path, limits=limits) as container:
        stream = container.streams[number]
        assert isinstance(stream, PictureStream)
        if stream.codec_context is None:
            raise MediaError(f"{path} is coded in a way this build cannot read; convert it to H.264")
        restrict_decoder(stream, limits)
        for frame in container.decode(stream):
            # FFmpeg counts counter-clockwise, the player's turn is asked for clockwise.
            turn = round(-frame.rotation / 90) * 90 % 360
            full = frame.format.name.startswith("yuvj") or int(frame.color_range) == 2
            return FirstPicture(frame.pts or 0, frame.format.name, turn, full)
    raise MediaError(f"no picture of {path} can be decoded; get a fresh copy of it")


def _count_by_decoding(path: Path, number: int, limits: Limits) -> int:
    with open_media(path, limits=limits) as container:
        stream = container.streams[number]
        assert isinstance(stream, PictureStream)
        restrict_decoder(stream, limits)
        return sum(1 for _ in container.decode(stream))
