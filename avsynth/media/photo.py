"""Reads a photo nobody vouches for, upright and in RGB; its size is looked up before anything is decoded."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import MediaError
from avsynth.media.sandbox import DEFAULT_LIMITS, Limits, local_file

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
KNOWN = "PNG, JPEG or WebP"

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_NO_SIZE = {0xC4, 0xC8, 0xCC}  # of the markers C0 to CF those that begin no picture
_SCAN, _END = 0xDA, b"\xff\xd9"
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
_MOST_BYTES = 512 * 2**20
_BACKGROUND = 255  # what shows through a transparent picture


def is_photo(path: Path) -> bool:
    """Whether a file is named as a photo.

    >>> is_photo(Path("Ada.JPG")), is_photo(Path("Ada.mp4"))
    (True, False)
    """
    return path.suffix.lower() in SUFFIXES


def read_photo(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> NDArray[np.uint8]:
    """Decode a photo.

    The turn that a camera noted (EXIF) is made, grey becomes RGB, CMYK is converted, transparent parts are laid on
    white, 16 bits become 8. Color profiles are not looked at: every photo is taken for sRGB.

    Args:
        path: A local file.
        limits: ``max_pixels`` is what a photo may have.

    Returns:
        ``(h, w, 3)`` uint8.

    Raises:
        MediaError: The file is absent, no photo, incomplete, damaged or too large.
    """
    source = local_file(path)
    if source.stat().st_size > _MOST_BYTES:
        raise MediaError(f"{path} is larger than {_MOST_BYTES >> 20} MiB; export it as a smaller {KNOWN} file")
    data = source.read_bytes()
    width, height = _size(data, path)
    if width * height > limits.max_pixels:
        raise MediaError(f"{path} has {width}x{height} pixels, at most {limits.max_pixels} are allowed; scale it down")
    if min(width, height) < 2:
        raise MediaError(f"{path} has {width}x{height} pixels, which shows no face; give a larger photo")
    if _is_cut_off(data):
        raise MediaError(f"{path} is incomplete; copy or export it again")
    picture = _decode(data, cv2.IMREAD_COLOR_RGB, path)
    whole = _decode(data, cv2.IMREAD_UNCHANGED, path) if not data.startswith(_JPEG) else picture
    if whole.ndim == 3 and whole.shape[2] == 4 and whole.shape[:2] == picture.shape[:2]:
        alpha = whole[..., 3:].astype(np.float32) / np.iinfo(whole.dtype).max
        picture = np.rint(_BACKGROUND + (picture.astype(np.float32) - _BACKGROUND) * alpha).astype(np.uint8)
    return np.asarray(picture, np.uint8)


def _decode(data: bytes, flags: int, path: Path) -> NDArray[np.uint8]:
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        picture = None
    if picture is None or picture.size == 0:
        raise MediaError(f"{path} is damaged; get a fresh copy of it")
    return np.asarray(picture)


def _size(data: bytes, path: Path) -> tuple[int, int]:
    """Width and height as the file's header says.

    Raises:
        MediaError: It is no photo, or its header is damaged.
    """
    try:
        if data.startswith(_PNG) and data[12:16] == b"IHDR":
            return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
        if data.startswith(_JPEG):
            return _jpeg_size(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp_size(data)
    except (IndexError, ValueError):
        raise MediaError(f"{path} has a damaged header; get a fresh copy of it") from None
    raise MediaError(f"{path} is not a photo that can be read; give a {KNOWN} file")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:  # fill
            at += 1
        elif marker in _ALONE:
            at += 2
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        elif marker == _SCAN:
            break
        else:
            at += 2 + max(int.from_bytes(data[at + 2 : at + 4]), 2)
    raise ValueError("no frame header")


def _webp_size(data: bytes) -> tuple[int, int]:
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise ValueError("too short")
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    raise ValueError("unknown kind")


def _is_cut_off(data: bytes) -> bool:
    """Whether the end is missing, which decoders fill with grey."""
    if data.startswith(_PNG):
        return b"IEND" not in data[-64:] and b"IEND" not in data
    if data.startswith(_JPEG):
        return data.rfind(_END) < data.rfind(bytes((0xFF, _SCAN)))
    return len(data) < 8 + int.from_bytes(data[4:8], "little")
