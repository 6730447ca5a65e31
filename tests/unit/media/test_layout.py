"""Formats outside the project's own change to the nearest, and the planes say so."""

import av
import numpy as np
import pytest

from avsynth.core.errors import MediaError
from avsynth.core.media import PIXEL_FORMATS, ColorTags
from avsynth.media.layout import native_color, native_format, picture_planes

NEAREST = {
    "nv12": "yuv420p",
    "yuvj422p": "yuv422p",
    "yuvj444p": "yuv444p",
    "yuv411p": "yuv422p",
    "uyvy422": "yuv422p",
    "yuv440p": "yuv444p",
    "rgb24": "yuv444p",
    "gbrp10le": "yuv444p10le",
    "yuv422p12le": "yuv422p10le",
    "p010le": "yuv420p10le",
    "yuva444p10le": "yuv444p10le",
    "ya8": "gray",
}


@pytest.mark.parametrize(("name", "nearest"), NEAREST.items())
def test_nearest(name, nearest):
    assert native_format(name) == nearest
    shapes = [plane.shape for plane in picture_planes(av.VideoFrame(32, 16, name))]
    layout = PIXEL_FORMATS[nearest]
    assert shapes == [layout.plane_shape(index, 16, 32) for index in range(layout.planes)]


def test_own_formats_stay():
    assert all(native_format(name) == name for name in PIXEL_FORMATS)


def test_unknown_format():
    with pytest.raises(MediaError, match="unknown; convert"):
        native_format("yuv999p")


def filled(name: str, values: list[int]) -> av.VideoFrame:
    frame = av.VideoFrame(32, 16, name)
    for plane, value in zip(frame.planes, values, strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return frame


def test_full_range_planes_are_copied_not_scaled():
    for name in ("yuvj422p", "yuvj444p"):
        assert [int(plane.max()) for plane in picture_planes(filled(name, [255, 3, 250]))] == [255, 3, 250]
    assert native_color(ColorTags(), name="yuvj444p").range == 2


def test_interleaved_chroma_is_taken_apart_exactly():
    frame = av.VideoFrame(32, 16, "nv12")
    random = np.random.default_rng(1)
    luma, chroma = random.integers(16, 235, (16, 32), np.uint8), random.integers(16, 240, (8, 16, 2), np.uint8)
    for plane, data in zip(frame.planes, (luma, chroma.reshape(8, 32)), strict=True):
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: data.shape[0], :32] = data
    planes = picture_planes(frame)
    np.testing.assert_array_equal(planes[0], luma)
    np.testing.assert_array_equal(planes[1], chroma[..., 0])
    np.testing.assert_array_equal(planes[2], chroma[..., 1])


def test_rgb_becomes_bt709_of_limited_range():
    """Pure red in BT.709: Y = 16 + 219 * 0.2126, Cr = 128 + 112."""
    frame = av.VideoFrame.from_ndarray(np.full((16, 32, 3), (255, 0, 0), np.uint8), format="rgb24")
    luma, _, red = (int(plane[8, 16]) for plane in picture_planes(frame))
    assert abs(luma - 62.6) <= 1
    assert abs(red - 240) <= 1
    assert native_color(ColorTags(1, 1, 0, 2), name="rgb24") == ColorTags(1, 1, 1, 1)
