"""Code values mean the colors the standards say, there and back, in every format, matrix and range."""

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avsynth.core.errors import InputError
from avsynth.core.media import PIXEL_FORMATS, ColorTags, Frames
from avsynth.media.color import region_rgb, rgb_to_planes, sample_rgb

LIMITED_709, FULL_709 = ColorTags(1, 1, 1, 1), ColorTags(1, 1, 1, 2)
CHROMATIC = sorted(set(PIXEL_FORMATS) - {"gray"})


def chunk(planes, name, color=LIMITED_709) -> Frames:
    return Frames(tuple(p[None] for p in planes), name, 0, np.zeros(1, np.int64), color)


def flat(values, *, name="yuv444p", color=LIMITED_709, size=(16, 16)) -> Frames:
    layout = PIXEL_FORMATS[name]
    shapes = [layout.plane_shape(index, *size) for index in range(layout.planes)]
    return chunk([np.full(s, v, layout.dtype) for s, v in zip(shapes, values, strict=False)], name, color)


def look(frames: Frames) -> list[int]:
    return region_rgb(frames, 0, left=4, top=4, width=4, height=4)[1, 1].tolist()


@pytest.mark.parametrize(
    ("values", "color", "name", "rgb"),
    [
        ((16, 128, 128), LIMITED_709, "yuv444p", [0, 0, 0]),
        ((235, 128, 128), LIMITED_709, "yuv444p", [255, 255, 255]),
        ((0, 128, 128), FULL_709, "yuv444p", [0, 0, 0]),
        ((255, 128, 128), FULL_709, "yuv444p", [255, 255, 255]),
        # The 100 % primaries of BT.709 and BT.601 in 8 bits, as their color bars give them.
        ((63, 102, 240), LIMITED_709, "yuv444p", [255, 0, 0]),
        ((173, 42, 26), LIMITED_709, "yuv444p", [0, 255, 0]),
        ((32, 240, 118), LIMITED_709, "yuv444p", [0, 0, 255]),
        ((81, 90, 240), ColorTags(6, 6, 6, 1), "yuv444p", [255, 0, 0]),
        ((145, 54, 34), ColorTags(5, 6, 5, 1), "yuv420p", [0, 255, 0]),
        ((41, 240, 110), ColorTags(), "yuv420p", [0, 0, 255]),  # untagged and small is BT.601
        ((252, 408, 960), LIMITED_709, "yuv422p10le", [255, 0, 0]),
        ((294, 387, 960), ColorTags(9, 16, 9, 1), "yuv420p10le", [255, 0, 0]),
        ((76, 85, 255), ColorTags(5, 6, 5, 0), "yuvj420p", [254, 0, 0]),
    ],
)
def test_primaries(values, color, name, rgb):
    assert np.abs(np.array(look(flat(values, name=name, color=color))) - rgb).max() <= 2


def test_untagged_high_definition_is_bt709():
    assert np.abs(np.array(look(flat((63, 102, 240), color=ColorTags(), size=(720, 16)))) - [255, 0, 0]).max() <= 2


def test_gray_has_no_color():
    assert look(flat((126,), name="gray", color=ColorTags())) == [128, 128, 128]


@pytest.mark.parametrize("matrix", [1, 5, 9])
def test_agrees_with_opencv_and_the_standard(matrix):
    """Independent arithmetic: luma is a weighted sum, chroma the scaled differences from it, in [0, 1] and float."""
    red, blue = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}[matrix]
    image = np.random.default_rng(2).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    r, g, b = np.moveaxis(image / 255, -1, 0)
    luma = red * r + (1 - red - blue) * g + blue * b
    expected = 16 + 219 * luma, 128 + 112 * (b - luma) / (1 - blue), 128 + 112 * (r - luma) / (1 - red)
    planes = rgb_to_planes(image, pixel_format="yuv444p", color=ColorTags(matrix=matrix, range=1))
    for plane, wanted in zip(planes, expected, strict=True):
        assert np.abs(plane - wanted).max() <= 0.51
    if matrix == 5:
        full = rgb_to_planes(image, pixel_format="yuv444p", color=ColorTags(matrix=5, range=2))
        crcb = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
        assert np.abs(np.stack([full[0], full[2], full[1]], -1).astype(int) - crcb).max() <= 1


def smooth(height, width) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width] / 20
    waves = [128 + 70 * np.sin(x + phase) * np.cos(y / 2 + phase) for phase in (0, 0.7, 1.4)]
    return np.rint(np.stack(waves, -1)).astype(np.uint8)


@pytest.mark.parametrize("name", CHROMATIC)
@pytest.mark.parametrize(("matrix", "span"), list(itertools.product([1, 6, 9], [1, 2])))
def test_round_trip_on_a_smooth_picture(name, matrix, span):
    image = smooth(48, 64)
    color = ColorTags(matrix=matrix, range=span)
    frames = chunk(rgb_to_planes(image, pixel_format=name, color=color), name, color)
    back = region_rgb(frames, 0, left=0, top=0, width=64, height=48)
    error = np.abs(back.astype(int) - image)[4:-4, 4:-4]
    assert error.max() <= 3
    assert error.mean() < 0.8


def test_planes_survive_the_way_through_rgb():
    """The picture that comes back into the film is the one that left it."""
    color = LIMITED_709
    for name in ("yuv444p", "yuv420p", "yuv422p", "yuv420p10le"):
        planes = rgb_to_planes(smooth(48, 64), pixel_format=name, color=color)
        image = region_rgb(chunk(planes, name), 0, left=0, top=0, width=64, height=48)
        again = rgb_to_planes(image, pixel_format=name, color=color)
        unit = 1 << (PIXEL_FORMATS[name].bit_depth - 8)
        for plane, other in zip(planes, again, strict=True):
            assert np.abs(plane.astype(int) - other)[4:-4, 4:-4].max() <= 2 * unit


@settings(max_examples=30, deadline=None)
@given(height=st.integers(1, 33), width=st.integers(1, 33), name=st.sampled_from(sorted(PIXEL_FORMATS)))
def test_sizes_are_the_formats(height, width, name):
    planes = rgb_to_planes(np.zeros((height, width, 3), np.uint8), pixel_format=name, color=LIMITED_709)
    layout = PIXEL_FORMATS[name]
    assert [p.shape for p in planes] == [layout.plane_shape(i, height, width) for i in range(layout.planes)]
    assert all(plane.dtype == layout.dtype for plane in planes)


@settings(max_examples=30, deadline=None)
@given(left=st.integers(-20, 70), top=st.integers(-20, 50), name=st.sampled_from(["yuv444p", "yuv420p", "yuv420p10le"]))
def test_a_region_is_the_region_of_the_whole(left, top, name):
    """Beyond the border the picture is repeated."""
    frames = chunk(rgb_to_planes(smooth(48, 64), pixel_format=name, color=LIMITED_709), name)
    whole = region_rgb(frames, 0, left=0, top=0, width=64, height=48)
    rows = np.clip(np.arange(top, top + 16), 0, 47)
    columns = np.clip(np.arange(left, left + 24), 0, 63)
    part = region_rgb(frames, 0, left=left, top=top, width=24, height=16)
    assert part.shape == (16, 24, 3)
    assert np.abs(part.astype(int) - whole[np.ix_(rows, columns)]).max() <= (1 if name == "yuv444p" else 4)


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.5, 6.0])
@pytest.mark.parametrize("degrees", [0, 17, -90])
def test_a_turned_crop_shows_what_lies_there(scale, degrees):
    """On a ramp, the value of every pixel says where it was taken."""
    y, x = np.mgrid[0:400, 0:400]
    image = np.stack([x / 2, y / 2, np.full_like(x, 90)], -1)
    planes = rgb_to_planes(np.rint(image).astype(np.uint8), pixel_format="yuv444p10le", color=LIMITED_709)
    frames = chunk(planes, "yuv444p10le")
    turn = np.deg2rad(degrees)
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array([200.0, 190.0]) - linear @ [20.0, 16.0]
    crop = sample_rgb(frames, 0, to_frame=np.column_stack([linear, middle]), size=(32, 40))
    columns, rows = np.meshgrid(np.arange(40), np.arange(32))
    place = linear @ np.stack([columns.ravel(), rows.ravel()]) + middle[:, None]
    expected = place.reshape(2, 32, 40) / 2
    assert crop.shape == (32, 40, 3)
    assert np.abs(crop[..., 0] - expected[0]).max() <= 1.6
    assert np.abs(crop[..., 1] - expected[1]).max() <= 1.6


def test_chroma_lies_where_h264_puts_it():
    """A vertical edge of color in 4:2:0 stays where it was: a wrong siting would move it by half a pixel."""
    y, x = np.mgrid[0:64, 0:64]
    image = np.stack([60 + 2 * x, np.full_like(x, 120), 60 + 2 * y], -1).astype(np.uint8)
    for name in ("yuv420p", "yuv422p"):
        frames = chunk(rgb_to_planes(image, pixel_format=name, color=LIMITED_709), name)
        back = region_rgb(frames, 0, left=0, top=0, width=64, height=64).astype(int)
        shift = (back - image)[8:-8, 8:-8].mean(axis=(0, 1))
        assert np.abs(shift).max() < 0.35


def test_shrinking_does_not_alias():
    """Fine stripes become their mean, not noise."""
    planes = [np.zeros((256, 256), np.uint8) for _ in range(3)]
    planes[0][:, ::2], planes[0][:, 1::2] = 235, 16
    planes[1][:], planes[2][:] = 128, 128
    crop = sample_rgb(chunk(planes, "yuv444p"), 0, to_frame=np.array([[4.0, 0, 9], [0, 4.0, 7]]), size=(48, 48))
    assert np.abs(crop.astype(int) - 128).max() <= 1


def test_no_picture_is_refused():
    with pytest.raises(InputError, match=r"\(h, w, 3\) uint8"):
        rgb_to_planes(np.zeros((4, 4), np.uint8), pixel_format="yuv420p", color=LIMITED_709)
