"""Opens files nobody vouches for: only known formats, only local files, only bearable sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream as PictureStream

from avsynth.core.errors import MediaError

# Playlists (HLS, ffconcat), images, devices and protocols are absent on purpose: they make FFmpeg open other files.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,wav,w64,aiff,flac,mp3,aac,ogg,mpeg,mpegts,avi"
KNOWN = "MP4, MOV, MKV, WebM, MPEG, AVI, WAV, FLAC, MP3, AAC or Ogg"

_ADDRESS = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: C:\ is a drive


@dataclass(frozen=True)
class Limits:
    """How much a file may ask for before it is refused.

    Attributes:
        max_pixels: Width times height of a picture; the default is 8K (8192 x 4320).
        max_duration: Seconds.
        max_streams: Streams of any kind.
    """

    max_pixels: int = 35_389_440
    max_duration: Fraction = Fraction(12 * 3600)
    max_streams: int = 32


DEFAULT_LIMITS = Limits()


@contextmanager
def open_media(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[InputContainer]:
    """Open a film or sound file for reading, after its header was checked.

    FFmpeg may read this one local file and nothing else, and only as one of the formats in ``FORMATS``: a playlist
    under a film's name is refused. Errors of FFmpeg inside the ``with`` become ``MediaError`` too.

    Args:
        path: A local file; an address such as ``https://...`` is refused.
        limits: What is refused before anything is decoded.

    Raises:
        MediaError: The file is absent, no media file, incomplete, damaged, or beyond ``limits``.
    """
    source = local_file(path)
    # The sizes go to the decoders that FFmpeg itself opens while it looks at the file.
    options = {
        "format_whitelist": FORMATS,
        "protocol_whitelist": "file",
        "max_pixels": str(limits.max_pixels),
        "max_streams": str(max(limits.max_streams, 1) * 8),
    }
    try:
        container = av.open(f"file:{source}", options=options, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError) as error:
        raise MediaError(_why_not_opened(path, source, error)) from None
    with container:
        _check(container, path, limits)
        try:
            yield container
        except av.error.FFmpegError as error:
            raise MediaError(f"{path} is damaged ({error.strerror}); get a fresh copy of it") from error


def local_file(path: Path) -> Path:
    """The absolute path of a regular file on this machine.

    Raises:
        MediaError: ``path`` is an address, absent, a folder, or no regular file.

    Example:
        >>> local_file(Path("https://example.com/film.mp4"))
        Traceback (most recent call last):
            ...
        avsynth.core.errors.MediaError: https:/example.com/film.mp4 is an address; download it and give the file
    """
    if not path.exists():
        if _ADDRESS.match(str(path)):
            raise MediaError(f"{path} is an address; download it and give the file")
        raise MediaError(f"{path} does not exist; check its name and folder")
    if path.is_dir():
        raise MediaError(f"{path} is a folder; name a file in it")
    if not path.is_file():
        raise MediaError(f"{path} is a device or pipe; save it to a file first")
    if path.stat().st_size == 0:
        raise MediaError(f"{path} is empty; get a fresh copy of it")
    return path.resolve()


def is_picture(stream: object) -> bool:
    """Whether a stream is moving picture; cover art is not."""
    return isinstance(stream, PictureStream) and not stream.disposition & Disposition.attached_pic


def restrict_decoder(stream: PictureStream, limits: Limits) -> None:
    """Make the decoder refuse pictures larger than ``limits``, in case the header lied."""
    stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
    stream.thread_type = "AUTO"


def _check(container: InputContainer, path: Path, limits: Limits) -> None:
    streams = list(container.streams)
    if len(streams) > limits.max_streams:
        raise MediaError(
            f"{path} has {len(streams)} streams, at most {limits.max_streams} are allowed; "
            "keep one picture and one sound stream"
        )
    if not any(stream.type in ("video", "audio") for stream in streams):
        raise MediaError(f"{path} holds neither picture nor sound; give a {KNOWN} file")
    for stream in container.streams.video:
        width, height = stream.width, stream.height
        if width * height > limits.max_pixels:
            raise MediaError(
                f"{path} has pictures of {width}x{height}, at most {limits.max_pixels} pixels are allowed; "
                "scale it down"
            )
    seconds = Fraction(container.duration or 0, 1_000_000)
    if seconds > limits.max_duration:
        raise MediaError(
            f"{path} lasts {float(seconds):.0f} s, at most {float(limits.max_duration):.0f} s are allowed; "
            "cut it into parts"
        )


def _why_not_opened(path: Path, source: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return f"{path} may not be read; change its permissions"
    if _lacks_movie_header(source):
        return f"{path} is incomplete: its index (the 'moov' box) is missing; copy or export it again"
    return f"{path} cannot be read as a film or sound file; give a {KNOWN} file"


def _lacks_movie_header(source: Path) -> bool:
    """Whether an MP4 or MOV file ends without the box that says where its pictures are."""
    seen: set[bytes] = set()
    size = source.stat().st_size
    with source.open("rb") as file:
        position = 0
        while position + 8 <= size and len(seen) < 64:
            file.seek(position)
            head = file.read(16)
            length, kind = int.from_bytes(head[:4], "big"), head[4:8]
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            seen.add(kind)
            if length < 8:
                break
            position += length
    return bool(seen & {b"ftyp", b"mdat", b"wide"}) and b"moov" not in seen
