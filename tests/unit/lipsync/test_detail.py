"""Detail comes back as far as the source has it, and never more than is asked for."""

import cv2
import numpy as np
import pytest

from avsynth.lipsync.detail import detail, lips_box, with_detail
from avsynth.lipsync.warp import Box

WHOLE = Box(0, 0, 80, 60)


def textured() -> np.ndarray:
    noise = np.random.default_rng(3).normal(0, 30, (60, 80, 3))
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 1.2) * 2 + 120, 0, 255).astype(np.uint8)


def softened(sigma: float) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(textured(), (0, 0), sigma), np.uint8)


def test_detail_is_the_gradient_energy() -> None:
    ramp = np.repeat(np.tile(np.arange(0, 240, 3, dtype=np.uint8), (60, 1))[..., None], 3, axis=2)
    assert detail(ramp, WHOLE) == pytest.approx(9.0)


def test_what_a_slight_blur_took_comes_back() -> None:
    wanted, soft = detail(textured(), WHOLE), softened(0.5)
    assert detail(soft, WHOLE) < 0.9 * wanted
    again = with_detail(soft, box=WHOLE, wanted=wanted)
    assert detail(again, WHOLE) == pytest.approx(wanted, rel=0.03)
    error, error_before = (np.abs(image.astype(int) - textured()).mean() for image in (again, soft))
    assert error < 0.6 * error_before


def test_what_is_sharp_enough_stays_as_it_is() -> None:
    sharp = textured()
    assert with_detail(sharp, box=WHOLE, wanted=detail(softened(1.0), WHOLE)) is sharp


def test_a_strong_blur_is_not_sharpened_into_noise() -> None:
    soft = softened(3.0)
    again = with_detail(soft, box=WHOLE, wanted=detail(textured(), WHOLE))
    assert detail(again, WHOLE) < 0.5 * detail(textured(), WHOLE)
    assert np.abs(again.astype(int) - soft).max() <= 4


def test_no_box_around_lips_outside_the_picture() -> None:
    lips = np.array([[10.0, 10.0], [20.0, 8.0], [30.0, 10.0], [20.0, 16.0]])
    box = lips_box(lips, textured())
    assert (box.left, box.top, box.left + box.width, box.top + box.height) == (7, 5, 34, 20)
    assert lips_box(lips - 200, textured()) is None
