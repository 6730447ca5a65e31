"""Turns the part of a picture that is looked at or replaced into RGB and back, with the film's own matrix and range."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.media import ColorTags, Frames, PixelFormat, pixel_format

Plane = NDArray[np.uint8] | NDArray[np.uint16]

# Luma weights of red and blue, by the matrix number of ITU-T H.273, table 4.
_WEIGHTS = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087)}
_WEIGHTS |= {9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
_UNSPECIFIED = 2
_HD_LINES = 720
_FULL_RANGE = 2


def region_rgb(frames: Frames, index: int, *, left: int, top: int, width: int, height: int) -> NDArray[np.uint8]:
    """A rectangle of one picture in RGB.

    Args:
        frames: The chunk.
        index: Which picture of the chunk.
        left: First column; the rectangle may reach beyond the picture, whose border is then repeated.
        top: First row.
        width: Columns.
        height: Rows.

    Returns:
        ``(height, width, 3)`` uint8.
    """
    shift = np.array([[1, 0, left], [0, 1, top]], np.float64)
    return sample_rgb(frames, index, to_frame=shift, size=(height, width))


def sample_rgb(
    frames: Frames, index: int, *, to_frame: NDArray[np.floating], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """A turned and scaled crop of one picture in RGB, as landmark networks look at faces.

    Each plane is sampled by itself and only the crop is converted, so the cost is that of the crop. A crop that shrinks
    the picture is averaged first, not aliased. Beyond its border the picture is repeated.

    Args:
        frames: The chunk.
        index: Which picture of the chunk.
        to_frame: ``(2, 3)``: maps ``(x, y, 1)`` of the crop to columns and rows of the picture; whole numbers are
            pixel centers on both sides.
        size: Height and width of the crop.

    Returns:
        ``(height, width, 3)`` uint8.
    """
    layout = pixel_format(frames.pixel_format)
    affine = np.asarray(to_frame, np.float64)
    crops = [_warp(plane[index], _to_plane(affine, layout, number), size) for number, plane in enumerate(frames.planes)]
    if layout.planes == 1:
        crops += [np.full(size, 128 << (layout.bit_depth - 8), layout.dtype)] * 2
    matrix = _to_rgb(_weights(frames.color, frames.height), _is_full(layout, frames.color), layout.bit_depth)
    rgb = cv2.transform(cv2.merge([crop.astype(np.float32) for crop in crops]), matrix)
    result: NDArray[np.uint8] = np.clip(rgb + 0.5, 0, 255).astype(np.uint8)
    return result


def rgb_to_planes(
    image: NDArray[np.uint8], *, pixel_format: str, color: ColorTags, frame_height: int | None = None
) -> tuple[Plane, ...]:
    """RGB in the planes of a film: the reverse of ``region_rgb``.

    To paste the planes back, the region's left and top must lie on the chroma grid (even where chroma is halved).

    Args:
        image: ``(h, w, 3)`` uint8.
        pixel_format: One of ``PIXEL_FORMATS``.
        color: The film's tags.
        frame_height: Rows of the whole picture, by which an unspecified matrix is guessed; None takes the image's.

    Returns:
        One array a plane, uint8 or uint16, of the sizes that ``PixelFormat.plane_shape`` gives.

    Raises:
        InputError: The image is not ``(h, w, 3)`` uint8.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise InputError(f"expected an RGB image (h, w, 3) uint8, got {image.dtype} {image.shape}")
    layout = _layout(pixel_format)
    weights = _weights(color, frame_height or image.shape[0])
    to_rgb = _to_rgb(weights, _is_full(layout, color), layout.bit_depth)
    inverse = np.linalg.inv(to_rgb[:, :3].astype(np.float64))
    matrix = np.hstack([inverse, inverse @ -to_rgb[:, 3:].astype(np.float64)]).astype(np.float32)
    full = cv2.split(cv2.transform(image.astype(np.float32), matrix))
    top = float((1 << layout.bit_depth) - 1)
    planes: list[Plane] = []
    for number in range(layout.planes):
        plane = _halve(full[number], layout.chroma_shift) if number else full[number]
        planes.append(np.clip(plane + 0.5, 0, top).astype(layout.dtype))
    return tuple(planes)


def _layout(name: str) -> PixelFormat:
    return pixel_format(name)


def _weights(color: ColorTags, height: int) -> tuple[float, float]:
    if color.matrix in _WEIGHTS:
        return _WEIGHTS[color.matrix]
    # Unspecified, as players guess it; anything rarer is seen as BT.709.
    small = color.matrix == _UNSPECIFIED and height < _HD_LINES
    return _WEIGHTS[6 if small else 1]


def _is_full(layout: PixelFormat, color: ColorTags) -> bool:
    return color.range == _FULL_RANGE or layout.name.startswith("yuvj")


@lru_cache(maxsize=32)
def _to_rgb(weights: tuple[float, float], full: bool, bits: int) -> NDArray[np.float32]:
    """``(3, 4)``: Y, Cb, Cr code values and 1 to R, G, B in 0..255 (ITU-R BT.709 and BT.2100, quantization)."""
    red, blue = weights
    green = 1 - red - blue
    unit = 1 << (bits - 8)
    luma_low, luma_span, chroma_span = (
        (0, (1 << bits) - 1, (1 << bits) - 1) if full else (16 * unit, 219 * unit, 224 * unit)
    )
    from_yuv = np.array(
        [
            [1, 0, 2 * (1 - red)],
            [1, -2 * blue * (1 - blue) / green, -2 * red * (1 - red) / green],
            [1, 2 * (1 - blue), 0],
        ]
    )
    scaled = 255 * from_yuv / np.array([luma_span, chroma_span, chroma_span])
    offset = -scaled @ np.array([luma_low, 128 * unit, 128 * unit])
    return np.hstack([scaled, offset[:, None]]).astype(np.float32)


def _to_plane(to_frame: NDArray[np.float64], layout: PixelFormat, number: int) -> NDArray[np.float64]:
    """``to_frame`` in the pixels of a plane. Chroma lies on even columns and between rows (MPEG-2, H.264 default)."""
    if number == 0:
        return to_frame
    shift_x, shift_y = layout.chroma_shift
    plane: NDArray[np.float64] = to_frame / np.array([[1 << shift_x], [1 << shift_y]])
    if shift_y:
        plane[1, 2] -= 0.25
    return plane


def _warp(plane: Plane, to_plane: NDArray[np.float64], size: tuple[int, int]) -> Plane:
    height, width = size
    if _is_whole_shift(to_plane):
        left, top = round(to_plane[0, 2]), round(to_plane[1, 2])
        if min(left, top) >= 0 and left + width <= plane.shape[1] and top + height <= plane.shape[0]:
            return plane[top : top + height, left : left + width]
    shrink = float(np.sqrt(abs(np.linalg.det(to_plane[:, :2]))))
    step = int(np.ceil(shrink - 0.25))  # up to a quarter more, linear sampling hides
    plane, to_plane = _crop(plane, to_plane, size, max(step, 1))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped: Plane = cv2.warpAffine(plane, to_plane, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return warped


def _crop(
    plane: Plane, to_plane: NDArray[np.float64], size: tuple[int, int], step: int
) -> tuple[Plane, NDArray[np.float64]]:
    """The part of a plane a crop looks at, averaged over ``step`` x ``step`` where the crop shrinks it so much."""
    height, width = size
    corners = to_plane @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    rows, columns = plane.shape
    left, right = (int(np.clip(v, 0, columns - 1)) for v in (corners[0].min() - 2 * step, corners[0].max() + 2 * step))
    top, bottom = (int(np.clip(v, 0, rows - 1)) for v in (corners[1].min() - 2 * step, corners[1].max() + 2 * step))
    part = plane[top : bottom + 1, left : right + 1]
    moved = to_plane.copy()
    moved[:, 2] -= (left, top)
    if step > 1 and min(part.shape) >= step:
        part = part[: part.shape[0] // step * step, : part.shape[1] // step * step]
        part = cv2.resize(part, (part.shape[1] // step, part.shape[0] // step), interpolation=cv2.INTER_AREA)
        moved /= step
        moved[:, 2] += 0.5 / step - 0.5
    return part, moved


def _is_whole_shift(affine: NDArray[np.float64]) -> bool:
    return bool(np.array_equal(affine[:, :2], np.eye(2)) and np.array_equal(affine[:, 2], np.round(affine[:, 2])))


def _halve(plane: NDArray[np.float32], shift: tuple[int, int]) -> NDArray[np.float32]:
    """Chroma at its lower resolution: even columns of a [1 2 1] mean, and means of two rows."""
    shift_x, shift_y = shift
    if shift_x:
        kernel = np.array([[0.25, 0.5, 0.25]], np.float32)
        plane = cv2.filter2D(plane, -1, kernel, borderType=cv2.BORDER_REPLICATE)[:, ::2]
    if shift_y:
        last = plane[-1:] if plane.shape[0] % 2 else plane[:0]
        even = np.concatenate([plane, last])
        plane = (even[::2] + even[1::2]) / 2
    return plane
