import numpy as np
import pytest

from avsynth.lipsync.blend import box_of, feather, matched, soft_region
from avsynth.lipsync.warp import Box, Grid


def disc(size: int = 101, radius: float = 40) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - size // 2
    return np.hypot(x, y) < radius


def test_alpha_is_zero_on_and_outside_the_edge_and_one_inside() -> None:
    inside = disc()
    alpha = feather(inside, width_px=12)
    assert (alpha[~inside] == 0).all()
    edge = inside & ~(np.roll(inside, 1, 0) & np.roll(inside, -1, 0) & np.roll(inside, 1, 1) & np.roll(inside, -1, 1))
    assert (alpha[edge] == 0).all()
    assert (alpha[disc(radius=25)] == 1).all()
    assert np.abs(np.diff(alpha, axis=0)).max() < 0.2


def test_a_hull_cut_by_the_patch_border_fades_there_too() -> None:
    alpha = feather(np.ones((30, 30), bool), width_px=6)
    assert (alpha[[0, -1]] == 0).all()
    assert (alpha[:, [0, -1]] == 0).all()


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_light_is_taken_from_the_film_and_detail_from_the_mouth(slope: float) -> None:
    generator = np.random.default_rng(2)
    detail = generator.normal(0, 6, (101, 101, 1))
    drawn = np.clip(120 + detail + np.zeros(3), 0, 255).astype(np.uint8)
    columns = np.arange(101)[None, :, None] - 50
    base = np.clip(140 + slope * columns + np.array([0, -10, 5]) + np.zeros((101, 101, 3)), 0, 255).astype(np.uint8)
    result = matched(drawn, base, alpha=feather(disc(), width_px=15), scale_px=100).astype(float)
    middle = np.s_[35:66, 35:66]
    np.testing.assert_allclose(result[middle].mean((0, 1)), base[middle].astype(float).mean((0, 1)), atol=2)
    before, after = drawn[middle].astype(float), result[middle]
    assert (after - after.mean((0, 1))).std() == pytest.approx((before - before.mean((0, 1))).std(), rel=0.1)


def test_a_dark_thing_at_the_border_does_not_darken_the_mouth() -> None:
    drawn = np.full((101, 101, 3), 150, np.uint8)
    base = drawn.copy()
    base[:, 80:] = 20  # hair
    result = matched(drawn, base, alpha=feather(disc(), width_px=15), scale_px=100)
    assert np.abs(result[30:70, 20:60].astype(int) - 150).max() <= 3


def test_only_the_surroundings_of_the_lips_are_replaced() -> None:
    box = Box(0, 0, 200, 200)
    grid = Grid.over(box, np.array([[0.01, 0, -1.0], [0, 0.01, -1.0]]))
    lips = np.array([[-0.25, 0.0], [0.25, 0.0], [0.0, -0.06], [0.0, 0.08]])
    region = grid.grow(soft_region(grid, lips)[:, None])
    assert region[100, 100] == 1
    assert region[180, 100] == 1  # down to the chin
    assert region[60, 100] < 0.05  # not up to the nose
    assert region[100, 20] == 0


def test_boxes_stay_inside_the_picture() -> None:
    square = np.array([[-5, -5], [20, -5], [20, 30], [-5, 30]], np.float32)
    assert box_of(square, width=100, height=25) == Box(0, 0, 21, 25)
    assert box_of(square + 500, width=100, height=25) is None
    assert box_of(square * np.nan, width=100, height=25) is None


@pytest.mark.parametrize("exposure", [1.0, 0.6, 0.3, 0.1, 0.02])
def test_in_a_fade_the_mouth_fades_with_its_face(exposure: float) -> None:
    rng = np.random.default_rng(3)
    face = np.clip(150 + rng.normal(size=(101, 101, 3)) * 4, 0, 255)
    face[48:53, 30:70] = (90, 40, 40)
    faded = np.rint(face * exposure).astype(np.uint8)
    lit = matched(face.astype(np.uint8), faded, alpha=feather(disc(), width_px=12), scale_px=60)
    inside = disc(radius=34)
    assert np.abs(lit[inside].astype(float) - faded[inside]).mean() < 2
    contrast = [
        float(picture[48:53, 30:70].mean()) / max(float(picture[60:70, 40:60].mean()), 1) for picture in (lit, faded)
    ]
    assert exposure < 0.1 or contrast[0] == pytest.approx(contrast[1], abs=0.12)
