"""Maps any decoder's pixel format to the nearest one whose planes this project handles exactly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import MediaError
from avsynth.core.media import PIXEL_FORMATS, ColorTags, pixel_format

# The same planes under another name; the "j" formats say full range by their name.
_SAME_PLANES = {"yuvj422p": "yuv422p", "yuvj444p": "yuv444p", "gray8": "gray"}
_FULL_RANGE = 2
_BT709 = 1


def native_format(name: str) -> str:
    """The format that ``read_frames`` gives for a film of pixel format ``name``.

    Formats in ``PIXEL_FORMATS`` stay; others go to the nearest that loses least: chroma keeps at least its
    resolution wherever a format allows it, more than 8 bits become 10, RGB becomes 4:4:4, alpha is dropped.

    Raises:
        MediaError: FFmpeg knows no such format.

    Example:
        >>> [native_format(name) for name in ("yuv420p10le", "nv12", "yuv411p", "rgb24", "yuv422p12le", "gray10le")]
        ['yuv420p10le', 'yuv420p', 'yuv422p', 'yuv444p', 'yuv422p10le', 'yuv420p10le']
    """
    if name in PIXEL_FORMATS:
        return name
    if name in _SAME_PLANES:
        return _SAME_PLANES[name]
    try:
        found = av.VideoFormat(name, 64, 64)
    except ValueError:
        raise MediaError(f"pixel format {name!r} is unknown; convert the film to yuv420p") from None
    deep = "10le" if max(part.bits for part in found.components) > 8 else ""
    if found.is_rgb or found.has_palette:
        return f"yuv444p{deep}"
    if len(found.components) < 3:  # gray, with or without alpha
        return "yuv420p10le" if deep else "gray"
    chroma = found.chroma_width(64), found.chroma_height(64)
    if chroma[1] == 64:
        return f"yuv{444 if chroma[0] == 64 else 422}p{deep}"
    return f"yuv444p{deep}" if chroma[0] == 64 else f"yuv420p{deep}"


def native_color(color: ColorTags, *, name: str) -> ColorTags:
    """What code values mean after the change to ``native_format(name)``; RGB becomes BT.709 of limited range."""
    if name.startswith("yuvj"):
        return replace(color, range=_FULL_RANGE)
    if name not in PIXEL_FORMATS and _is_rgb(name):
        return replace(color, matrix=_BT709, range=1)
    return color


def picture_planes(frame: av.VideoFrame) -> tuple[NDArray[np.uint8] | NDArray[np.uint16], ...]:
    """The planes of one decoded picture as views ``(h, w)``, after the change to its native format if it needs one."""
    name = frame.format.name
    target = native_format(name)
    if name != target and name not in _SAME_PLANES:
        frame = _reformat(frame, target)
    layout = pixel_format(target)
    planes: list[NDArray[np.uint8] | NDArray[np.uint16]] = []
    for index in range(layout.planes):
        plane = frame.planes[index]
        height, width = layout.plane_shape(index, frame.height, frame.width)
        rows: NDArray[Any] = np.frombuffer(plane, layout.dtype).reshape(-1, plane.line_size // layout.dtype.itemsize)
        planes.append(rows[:height, :width])
    return tuple(planes)


def _reformat(frame: av.VideoFrame, target: str) -> av.VideoFrame:
    if _is_rgb(frame.format.name):
        return frame.reformat(format=target, dst_colorspace="ITU709", dst_color_range="MPEG")
    # Same matrix and range on both sides: only the layout may change.
    span = "JPEG" if frame.format.name.startswith("yuvj") or int(frame.color_range) == _FULL_RANGE else "MPEG"
    return frame.reformat(format=target, src_color_range=span, dst_color_range=span)


def _is_rgb(name: str) -> bool:
    found = av.VideoFormat(name, 64, 64)
    return bool(found.is_rgb or found.has_palette)
