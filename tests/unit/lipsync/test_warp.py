import numpy as np
import pytest

from avsynth.lipsync.warp import Bend, Box, Grid, draw


def test_a_bend_hits_its_knots_and_continues_a_plain_movement() -> None:
    target = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    affine = target @ np.array([[1.1, 0.2], [-0.1, 0.9]]) + (0.3, -0.2)
    bend = Bend.fit(target, affine, np.full(20, 1e-9))
    np.testing.assert_allclose(bend(target), affine, atol=1e-6)
    far = np.array([[3.0, 2.0]])
    np.testing.assert_allclose(bend(far), far @ np.array([[1.1, 0.2], [-0.1, 0.9]]) + (0.3, -0.2), atol=1e-5)


def test_stiff_knots_give_way() -> None:
    target = np.array([[0.0, 0.0], [1, 0], [0, 1], [1, 1], [0.5, 0.5]])
    source = target + np.array([[0, 0], [0, 0], [0, 0], [0, 0], [0.2, 0]])
    soft, stiff = (Bend.fit(target, source, np.array([1e-9] * 4 + [s]))(target[4:])[0, 0] for s in (1e-9, 10.0))
    assert soft == pytest.approx(0.7, abs=1e-6)
    assert stiff == pytest.approx(0.5, abs=0.02)


def test_grid_values_grow_linearly_to_the_pixels() -> None:
    box = Box(13, 7, 61, 45)
    to_canonical = np.array([[0.01, 0, -1.0], [0, 0.01, -0.5]])
    grid = Grid.over(box, to_canonical)
    grown = grid.grow(grid.nodes)
    y, x = np.mgrid[7 : 7 + 45, 13 : 13 + 61]
    expected = np.stack([0.01 * x - 1.0, 0.01 * y - 0.5], -1)
    inner = np.s_[grid.step : -grid.step, grid.step : -grid.step]  # beyond the outermost nodes it is held
    np.testing.assert_allclose(grown[inner], expected[inner], atol=1e-5)


def test_drawing_at_whole_pixels_copies_them() -> None:
    image = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    y, x = np.mgrid[5:25, 8:38].astype(np.float32)
    np.testing.assert_array_equal(draw(image, np.stack([x, y], -1)), image[5:25, 8:38])


def test_a_much_finer_source_is_averaged_not_aliased() -> None:
    stripes = np.zeros((200, 200, 3), np.uint8)
    stripes[:, ::2] = 255
    y, x = np.mgrid[0:40, 0:40].astype(np.float32) * 5
    assert np.ptp(draw(stripes, np.stack([x, y], -1))[5:-5, 5:-5].astype(int)) < 40
