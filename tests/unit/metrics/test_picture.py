"""Picture measures on drawn pictures whose numbers are known."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.metrics.picture import change, gradient_energy, motion_ratio, psnr, seam, sharpness_ratio, ssim

SQUARE = np.array([[20, 20], [60, 20], [60, 60], [20, 60]], np.float32)


def texture(seed: int = 0, *, size: int = 80) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(size, size, 3)).astype(np.float32)
    return np.clip(128 + 60 * cv2.GaussianBlur(noise, (0, 0), 1.5) * 3, 0, 255).astype(np.uint8)


def flat(value: int) -> np.ndarray:
    return np.full((80, 80, 3), value, np.uint8)


@pytest.mark.parametrize(("error", "decibels"), [(1, 48.1308), (10, 28.1308), (100, 8.1308)])
def test_psnr_falls_20_db_for_ten_times_the_error(error: int, decibels: float) -> None:
    assert psnr(flat(100 + error), reference=flat(100)) == pytest.approx(decibels, abs=1e-4)


def test_the_same_picture_scores_full() -> None:
    picture = texture()
    assert psnr(picture, reference=picture) == math.inf
    assert ssim(picture, reference=picture) == pytest.approx(1, abs=1e-12)
    assert sharpness_ratio(picture, reference=picture) == 1
    assert motion_ratio([picture, texture(1)], references=[picture, texture(1)]) == 1
    assert seam(picture, reference=picture, polygon=SQUARE, reach_px=6) == 0


def test_ssim_of_a_negative_is_minus_its_structure() -> None:
    board = (np.indices((40, 40)).sum(axis=0) % 2 * 100 + 78).astype(np.uint8)  # about a mean of 128
    # means agree, variances agree, the covariance is minus the variance
    variance = 2500.0
    c2 = (0.03 * 255) ** 2
    assert ssim(np.uint8(256 - board.astype(int)), reference=board) == pytest.approx(
        (c2 - 2 * variance) / (c2 + 2 * variance), abs=2e-3
    )


def test_ssim_follows_its_definition_in_one_window() -> None:
    a, b = texture(1, size=11)[..., 0], texture(2, size=11)[..., 0]
    at = np.arange(11) - 5
    bell = np.exp(-(at**2) / (2 * 1.5**2))
    weight = np.outer(bell, bell) / bell.sum() ** 2
    mean_a, mean_b = (weight * a).sum(), (weight * b).sum()
    var_a, var_b = (weight * (a - mean_a) ** 2).sum(), (weight * (b - mean_b) ** 2).sum()
    shared = (weight * (a - mean_a) * (b - mean_b)).sum()
    c1, c2 = 2.55**2, 7.65**2
    expected = (2 * mean_a * mean_b + c1) * (2 * shared + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    assert ssim(a, reference=b) == pytest.approx(expected, abs=1e-9)


@given(st.floats(0.5, 4), st.floats(1.2, 3))
def test_more_blur_is_less_sharp(sigma: float, more: float) -> None:
    picture = texture()
    soft, softer = (cv2.GaussianBlur(picture, (0, 0), s) for s in (sigma, sigma * more))
    assert sharpness_ratio(softer, reference=picture) < sharpness_ratio(soft, reference=picture) < 1


def test_gradient_energy_is_that_of_the_slope() -> None:
    rows, columns = np.indices((40, 40))
    assert gradient_energy((3 * columns + 2 * rows).astype(np.uint8)) == 13


def test_motion_that_is_halved_is_half_and_stillness_is_none() -> None:
    steps = [flat(value) for value in (10, 30, 20, 60)]
    assert change(steps[1], before=steps[0]) == 20
    assert motion_ratio([step // 2 for step in steps], references=steps) == 0.5
    assert motion_ratio([flat(9)] * 4, references=steps) == 0
    assert motion_ratio(steps, references=[flat(9)] * 4) == math.inf


@pytest.mark.parametrize("step", [-20, 5, 40])
def test_a_seam_is_as_visible_as_its_step(step: int) -> None:
    true = flat(100)
    made = true.copy()
    made[20:61, 20:61] = 100 + step
    assert seam(made, reference=true, polygon=SQUARE, reach_px=6) == pytest.approx(abs(step))
    assert seam(made, reference=true, polygon=SQUARE[::-1], reach_px=6) == pytest.approx(abs(step))


def test_an_edge_that_both_show_is_no_seam() -> None:
    true = texture()
    true[20:61, 20:61] //= 2
    assert seam(true + np.uint8(3), reference=true, polygon=SQUARE, reach_px=6) < 0.5


def test_a_change_far_inside_is_no_seam() -> None:
    made = flat(100)
    made[35:46, 35:46] = 200
    assert seam(made, reference=flat(100), polygon=SQUARE, reach_px=6) == 0


@pytest.mark.parametrize("measure", [psnr, ssim, sharpness_ratio])
def test_pictures_of_different_size_are_refused(measure: object) -> None:
    with pytest.raises(ValueError, match="differ in shape"):
        measure(flat(1), reference=flat(1)[:-1])  # type: ignore[operator]


def test_ssim_refuses_what_is_smaller_than_its_window() -> None:
    with pytest.raises(ValueError, match="11 pixels"):
        ssim(flat(1)[:10], reference=flat(1)[:10])
