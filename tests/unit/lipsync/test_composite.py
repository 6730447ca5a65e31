import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avsynth.core.face import FacePatch
from avsynth.core.media import PIXEL_FORMATS, ColorTags, Frames
from avsynth.lipsync.composite import composite
from avsynth.media.color import region_rgb

FORMATS = sorted(PIXEL_FORMATS)


def noise_frames(name: str, *, height: int = 37, width: int = 51, count: int = 3, start: int = 10) -> Frames:
    layout, generator = PIXEL_FORMATS[name], np.random.default_rng(5)
    planes = tuple(
        generator.integers(0, 1 << layout.bit_depth, (count, *layout.plane_shape(i, height, width))).astype(
            layout.dtype
        )
        for i in range(layout.planes)
    )
    return Frames(planes, name, start, np.arange(count, dtype=np.int64), ColorTags(1, 1, 1, 1))


def patch_at(frame: int, left: int, top: int, *, height: int = 12, width: int = 14, hole: bool = True) -> FacePatch:
    alpha = np.ones((height, width), np.float32)
    if hole:
        alpha[:, :3], alpha[4, 5] = 0, 0
    image = np.full((height, width, 3), (200, 90, 40), np.uint8)
    return FacePatch(frame, image, alpha, left, top)


def covered(frames: Frames, patch: FacePatch) -> np.ndarray:
    """Where the patch has alpha above 0, in the frame."""
    mask = np.zeros((frames.height, frames.width), bool)
    for row, column in np.argwhere(patch.alpha > 0) + np.array([patch.top, patch.left]):
        if 0 <= row < frames.height and 0 <= column < frames.width:
            mask[row, column] = True
    return mask


@given(st.sampled_from(FORMATS), st.integers(1, 4))
def test_no_patches_is_identity(name: str, count: int) -> None:
    frames = noise_frames(name, count=count)
    assert composite(frames, []) is frames
    empty = FacePatch(11, np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), 3, 3)
    assert composite(frames, [empty]) is frames


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(FORMATS), st.integers(-20, 60), st.integers(-20, 45))
def test_what_alpha_does_not_cover_keeps_every_bit(name: str, left: int, top: int) -> None:
    frames = noise_frames(name)
    before = [plane.copy() for plane in frames.planes]
    patch = patch_at(11, left, top)
    result = composite(frames, [patch])
    mask = covered(frames, patch)
    shift_x, shift_y = PIXEL_FORMATS[name].chroma_shift
    for number, (old, new) in enumerate(zip(before, result.planes, strict=True)):
        np.testing.assert_array_equal(frames.planes[number], old)  # the input is never changed
        np.testing.assert_array_equal(new[[0, 2]], old[[0, 2]])
        changed = new[1] != old[1]
        step = (1, 1) if number == 0 else (1 << shift_y, 1 << shift_x)
        spread = np.kron(changed, np.ones(step, bool))[: frames.height, : frames.width]
        assert not (spread & ~mask).any()


@pytest.mark.parametrize("name", FORMATS)
def test_full_alpha_shows_the_patch_in_its_own_color(name: str) -> None:
    frames = noise_frames(name, height=48, width=64)
    shown = region_rgb(composite(frames, [patch_at(10, 16, 12, hole=False)]), 0, left=18, top=14, width=8, height=8)
    expected = (200, 90, 40)
    if name == "gray":
        expected = (round(0.2126 * 200 + 0.7152 * 90 + 0.0722 * 40),) * 3
    assert np.abs(shown.astype(int) - expected).max() <= 3


@pytest.mark.parametrize("name", ["yuv420p", "yuv420p10le"])
def test_alpha_is_a_weight(name: str) -> None:
    frames, patch = noise_frames(name, height=48, width=64), patch_at(10, 16, 12, hole=False)
    full = composite(frames, [patch]).planes[0][0].astype(float)
    half = FacePatch(10, patch.image, patch.alpha / 2, patch.left, patch.top)
    mixed = composite(frames, [half]).planes[0][0].astype(float)
    np.testing.assert_allclose(mixed, (frames.planes[0][0] + full) / 2, atol=0.5)


def test_patches_of_other_frames_are_ignored_and_two_in_one_frame_both_show() -> None:
    frames = noise_frames("yuv444p")
    assert composite(frames, [patch_at(9, 5, 5), patch_at(13, 5, 5)]) is frames
    result = composite(frames, [patch_at(12, 0, 0), patch_at(12, 30, 20)])
    changed = result.planes[0][2] != frames.planes[0][2]
    assert changed[:12, :14].any()
    assert changed[20:32, 30:44].any()
