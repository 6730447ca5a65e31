"""One smooth bend and one interpolation, from a mouth of the bank straight to the film's own pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.lipsync.canonical import Points

Picture = NDArray[np.uint8]

_NODES_PER_UNIT = 18.0  # nodes of the coarse grid for each distance of the outer eye corners
_FINER = 1.4  # a source this much finer than the target is first reduced, or it would alias


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels in a frame."""

    left: int
    top: int
    width: int
    height: int

    @property
    def area(self) -> int:
        """Its pixels."""
        return self.width * self.height


@dataclass(frozen=True)
class Bend:
    """A thin-plate spline that says where in the source each point of the target is taken from.

    Attributes:
        knots: ``(Q, 2)`` points of the target.
        weights: ``(Q + 3, 2)`` of the knots' kernels and of the affine part.
    """

    knots: Points
    weights: Points

    @classmethod
    def fit(cls, target: Points, source: Points, stiffness: NDArray[np.float64]) -> Bend:
        """Bend so that ``target (Q, 2)`` takes from ``source (Q, 2)``, each as nearly as its stiffness ``(Q,)`` lets.

        Source: Bookstein (1989), with Wahba's smoothing.
        """
        count = len(target)
        system = np.zeros((count + 3, count + 3))
        system[:count, :count] = _kernel(target, target) + np.diag(stiffness)
        system[:count, count] = 1
        system[:count, count + 1 :] = target
        system[count:, :count] = system[:count, count:].T
        system[np.arange(count, count + 3), np.arange(count, count + 3)] -= 1e-9
        right = np.concatenate([source - target, np.zeros((3, 2))])
        return cls(target, np.linalg.solve(system, right))

    def __call__(self, points: Points) -> Points:
        """Where ``points (M, 2)`` are taken from."""
        count = len(self.knots)
        bent = _kernel(points, self.knots) @ self.weights[:count]
        taken: Points = points + bent + self.weights[count] + points @ self.weights[count + 1 :]
        return taken


def _kernel(a: Points, b: Points) -> Points:
    """``r² log r`` of all pairs, ``(N, M)``."""
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    square = np.maximum(square, 1e-12)
    kernel: Points = 0.5 * square * np.log(square)
    return kernel


@dataclass(frozen=True)
class Grid:
    """The target's pixels as a coarse grid of canonical points, from which maps for every pixel are grown.

    Attributes:
        box: The target's pixels.
        step: Pixels between nodes.
        shape: Nodes down and across.
        nodes: ``(M, 2)`` the nodes in canonical units.
    """

    box: Box
    step: int
    shape: tuple[int, int]
    nodes: Points

    @classmethod
    def over(cls, box: Box, to_canonical: Points) -> Grid:
        """Lay a grid over a box of the frame that ``to_canonical (2, 3)`` brings to the template."""
        scale = 1 / max(float(np.sqrt(abs(np.linalg.det(to_canonical[:, :2])))), 1e-9)
        step = max(2, round(scale / _NODES_PER_UNIT))
        rows, columns = -(-box.height // step), -(-box.width // step)
        x = box.left + (np.arange(columns) + 0.5) * step - 0.5
        y = box.top + (np.arange(rows) + 0.5) * step - 0.5
        pixels = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        return cls(box, step, (rows, columns), pixels @ to_canonical[:, :2].T + to_canonical[:, 2])

    def grow(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Values ``(M, C)`` at the nodes to every pixel, ``(h, w, C)`` or ``(h, w)``, linearly."""
        coarse = values.reshape(*self.shape, -1).astype(np.float32)
        size = (self.shape[1] * self.step, self.shape[0] * self.step)
        fine = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(fine[: self.box.height, : self.box.width], np.float32)


def draw(image: Picture, at: NDArray[np.float32]) -> Picture:
    """Take each pixel of the target from ``image``, bicubically, where ``at (h, w, 2)`` says in x and y."""
    finer = _fineness(at)
    if finer > _FINER:
        size = (max(2, round(image.shape[1] / finer)), max(2, round(image.shape[0] / finer)))
        reduced = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        ratio = np.array([size[0] / image.shape[1], size[1] / image.shape[0]], np.float32)
        image, at = reduced, (at + np.float32(0.5)) * ratio - np.float32(0.5)
    drawn = cv2.remap(image, at, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(drawn, np.uint8)


def _fineness(at: NDArray[np.float32]) -> float:
    """Pixels of the source to one of the target, in the mean."""
    height, width = at.shape[:2]
    if min(height, width) < 2:
        return 1.0
    across = np.linalg.norm(at[height // 2, -1] - at[height // 2, 0]) / (width - 1)
    down = np.linalg.norm(at[-1, width // 2] - at[0, width // 2]) / (height - 1)
    return float(np.sqrt(across * down))
