"""How near a made picture is to the true one: fidelity, sharpness, motion, and the seam where they meet."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

PEAK = 255.0  # the largest code value
_SIGMA, _WINDOW = 1.5, 11  # pixels, of SSIM's window
_K1, _K2 = 0.01, 0.03
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, whose luma quality measures are defined on
_STEPS = (0.25, 0.5, 0.75, 1.0)  # shares of a seam's reach at which each side of it is sampled


def psnr(image: Picture, *, reference: Picture) -> float:
    """Peak signal-to-noise ratio in dB, over all pixels and channels; infinite where the pictures are the same.

    Args:
        image: ``(h, w, 3)`` or ``(h, w)`` uint8.
        reference: The truth, of the same shape.

    Raises:
        ValueError: The shapes differ.

    Example:
        >>> gray = np.full((4, 4), 100, np.uint8)
        >>> round(psnr(gray + np.uint8(10), reference=gray), 2)  # 10 log10(255² / 10²)
        28.13
    """
    _require_same(image, reference)
    error = float(np.mean((image.astype(np.float64) - reference) ** 2))
    return float(10 * np.log10(PEAK**2 / error)) if error else float("inf")


def ssim(image: Picture, *, reference: Picture) -> float:
    """Structural similarity, -1 to 1: 1 is the same picture. The mean over channels and over whole windows.

    Args:
        image: ``(h, w, 3)`` or ``(h, w)`` uint8, at least 11 pixels a side.
        reference: The truth, of the same shape.

    Raises:
        ValueError: The shapes differ, or the pictures are smaller than the window.

    Source:
        Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity": a Gaussian
        window of 11 pixels with deviation 1.5, K1 = 0.01, K2 = 0.03.

    Example:
        >>> dark, light = np.full((16, 16), 50, np.uint8), np.full((16, 16), 100, np.uint8)
        >>> round(ssim(light, reference=dark), 4)  # of flat pictures: (2ab + C1) / (a² + b² + C1)
        0.8001
    """
    _require_same(image, reference)
    if min(image.shape[:2]) < _WINDOW:
        raise ValueError(f"SSIM needs {_WINDOW} pixels a side, got {image.shape[:2]}")
    a, b = image.astype(np.float64), reference.astype(np.float64)
    mean_a, mean_b = _windowed(a), _windowed(b)
    power_a, power_b = _windowed(a * a) - mean_a**2, _windowed(b * b) - mean_b**2
    shared = _windowed(a * b) - mean_a * mean_b
    c1, c2 = (_K1 * PEAK) ** 2, (_K2 * PEAK) ** 2
    similar = (2 * mean_a * mean_b + c1) * (2 * shared + c2)
    similar /= (mean_a**2 + mean_b**2 + c1) * (power_a + power_b + c2)
    return float(similar.mean())


def gradient_energy(image: Picture | NDArray[np.float32]) -> float:
    """Mean squared gradient of luma, in squared code values a pixel: falls when a picture is blurred.

    Source: the Tenengrad focus measure of Krotkov 1988, with central differences.

    Example:
        >>> ramp = np.tile(np.arange(0, 60, 3, dtype=np.uint8), (20, 1))
        >>> gradient_energy(ramp)
        9.0
    """
    down, across = np.gradient(luma(image).astype(np.float64))
    return float(np.mean(down**2 + across**2))


def sharpness_ratio(image: Picture, *, reference: Picture) -> float:
    """Gradient energy over the truth's: 1 is as sharp, below is blurred, above has edges that are not there.

    Example:
        >>> ramp = np.tile(np.arange(0, 60, 3, dtype=np.uint8), (20, 1))
        >>> sharpness_ratio(ramp // 3, reference=ramp)  # a third of the slope, a ninth of the energy
        0.1111111111111111
    """
    _require_same(image, reference)
    return ratio(gradient_energy(image), of=gradient_energy(reference))


def change(image: Picture, *, before: Picture) -> float:
    """Mean absolute difference of two pictures in code values: what moves, and what flickers."""
    _require_same(image, before)
    return float(np.mean(np.abs(image.astype(np.float64) - before)))


def motion_ratio(images: Iterable[Picture], *, references: Iterable[Picture]) -> float:
    """Change from frame to frame over the truth's: above 1 it flickers, below 1 it is too still.

    Args:
        images: Consecutive pictures.
        references: The true ones.

    Example:
        >>> steps = [np.full((4, 4), value, np.uint8) for value in (0, 10, 0, 10)]
        >>> motion_ratio([step // 2 for step in steps], references=steps)
        0.5
    """
    made, true = (sum(change(b, before=a) for a, b in pairwise(film)) for film in (images, references))
    return ratio(made, of=true)


def seam(image: Picture, *, reference: Picture, polygon: NDArray[np.floating], reach_px: float) -> float:
    """How visible the edge of a replaced region is: the step across it that the true picture does not have.

    Along the polygon, each pixel apart, the luma up to ``reach_px`` inside is compared with that as far outside; the
    result is the mean absolute difference of this step in the two pictures. What both show, such as a jaw line before
    a dark coat, does not count.

    Args:
        image: ``(h, w, 3)`` or ``(h, w)`` uint8.
        reference: The truth, of the same shape.
        polygon: ``(N, 2)`` closed, in pixels of the picture, x and y; whole numbers are pixel centers.
        reach_px: How far to look; the width of the blend.

    Returns:
        Code values of 255; 0 is no seam.

    Example:
        >>> true = np.full((40, 40), 100, np.uint8)
        >>> made = true.copy()
        >>> made[10:31, 10:31] += 10
        >>> square = np.array([[10, 10], [30, 10], [30, 30], [10, 30]], np.float32)
        >>> round(seam(made, reference=true, polygon=square, reach_px=4), 2)
        10.0
    """
    _require_same(image, reference)
    points, inward = _edge(polygon.astype(np.float64))
    offsets = np.array(_STEPS)[:, None, None] * reach_px * inward
    steps = []
    for picture in (luma(image), luma(reference)):
        inside, outside = (_sampled(picture, points + side * offsets).mean(axis=0) for side in (1, -1))
        steps.append(inside - outside)
    return float(np.abs(steps[0] - steps[1]).mean())


def ratio(value: float, *, of: float) -> float:
    """``value / of``; 1 where both are 0, infinite where only the second is.

    >>> ratio(1, of=2), ratio(0, of=0), ratio(1, of=0)
    (0.5, 1.0, inf)
    """
    if of:
        return float(value / of)
    return float("inf") if value else 1.0


def luma(image: Picture | NDArray[np.float32]) -> NDArray[np.float32]:
    """Luma of an RGB picture in code values, ``(h, w)``; a gray one as it is."""
    gray: NDArray[np.float32] = image.astype(np.float32)
    return gray if gray.ndim == 2 else np.asarray(gray @ _LUMA, np.float32)


def _windowed(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weighted mean around each pixel whose window lies in the picture."""
    full = cv2.GaussianBlur(image, (_WINDOW, _WINDOW), _SIGMA)
    half = _WINDOW // 2
    return np.asarray(full[half:-half, half:-half], np.float64)


def _edge(polygon: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points a pixel apart along a polygon, and the unit normals into it, each ``(M, 2)``."""
    following = np.roll(polygon, -1, axis=0)
    area = float(np.sum(polygon[:, 0] * following[:, 1] - following[:, 0] * polygon[:, 1]))
    points, inward = [], []
    for start, end in zip(polygon, following, strict=True):
        along = end - start
        length = float(np.linalg.norm(along))
        if length < 1e-6:
            continue
        shares = (np.arange(max(1, round(length))) + 0.5) / max(1, round(length))
        points.append(start + shares[:, None] * along)
        normal = np.array([-along[1], along[0]]) / length * (1 if area > 0 else -1)
        inward.append(np.repeat(normal[None], len(shares), axis=0))
    return np.concatenate(points), np.concatenate(inward)


def _sampled(picture: NDArray[np.float32], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The picture at ``points (..., 2)``, linearly; beyond its border it is repeated."""
    at = points.astype(np.float32).reshape(-1, 1, 2)
    values = cv2.remap(picture, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(values, np.float64).reshape(points.shape[:-1])


def _require_same(image: Picture, reference: Picture) -> None:
    if image.shape != reference.shape:
        raise ValueError(f"the pictures differ in shape: {image.shape} and {reference.shape}")
