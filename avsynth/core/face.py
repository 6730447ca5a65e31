"""Faces over time: where the landmarks are, how a mouth moves, and the pictures that replace it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class FaceLayout:
    """Which point of a landmark set is which. Rings run around the lips and close on themselves.

    Attributes:
        name: Such as ``"mediapipe-478"`` or ``"ibug-68"``.
        points: How many points a face has, P.
        outer_lip: Outer contour, from the viewer's left corner over the upper lip.
        inner_lip: Inner contour, in the same order.
        opening: Pairs (upper, lower) of inner-lip points whose distance is the opening.
        corners: The two outer lip corners, left and right in the picture.
        eye_corners: The two outer eye corners; their distance is the face's scale ("IOD").
        jaw: Points along jaw and chin, from the viewer's left to right.
        rigid: Points that move with the skull and not with speech.
    """

    name: str
    points: int
    outer_lip: tuple[int, ...]
    inner_lip: tuple[int, ...]
    opening: tuple[tuple[int, int], ...]
    corners: tuple[int, int]
    eye_corners: tuple[int, int]
    jaw: tuple[int, ...]
    rigid: tuple[int, ...]

    def scale_px(self, landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Distance of the outer eye corners, shape ``(T,)``, in pixels, of landmarks ``(T, P, 2 or 3)``."""
        left, right = (landmarks[:, i, :2] for i in self.eye_corners)
        distance: NDArray[np.float32] = np.linalg.norm(right - left, axis=-1).astype(np.float32)
        return distance

    def mouth_opening(self, landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mean distance of the inner lips over the outer eye corners' distance, shape ``(T,)``; 0 is closed."""
        gaps = [np.linalg.norm(landmarks[:, a, :2] - landmarks[:, b, :2], axis=-1) for a, b in self.opening]
        opening: NDArray[np.float32] = (np.mean(gaps, axis=0) / self.scale_px(landmarks)).astype(np.float32)
        return opening

    def mouth_width(self, landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Distance of the lip corners over the outer eye corners' distance, shape ``(T,)``."""
        left, right = (landmarks[:, i, :2] for i in self.corners)
        gap = np.linalg.norm(right - left, axis=-1)
        width: NDArray[np.float32] = (gap / self.scale_px(landmarks)).astype(np.float32)
        return width


@dataclass(frozen=True)
class FaceTrack:
    """One person's face in consecutive frames of one film.

    Attributes:
        id: Number of the track in its film; the same person keeps it.
        start: Index in the film of the first frame.
        layout: Which landmark is which.
        landmarks_px: ``(T, P, 3)`` float32: x, y in pixels of the frame, z in the same scale (0 where unknown).
        visible: ``(T,)`` bool: a face was found; where False the landmarks are the nearest frame's.
        score: ``(T,)`` float32 in 0..1: the landmark engine's confidence.
        pose: ``(T, 3)`` float32: yaw, pitch, roll in degrees; 0 is frontal and upright.
        covering: ``(T,)`` float32: how far the lower face is from how it usually looks, in levels of 0..255; large
            where something is before the mouth. None where nobody looked.
    """

    id: int
    start: int
    layout: FaceLayout
    landmarks_px: NDArray[np.float32]
    visible: NDArray[np.bool_]
    score: NDArray[np.float32]
    pose: NDArray[np.float32]
    covering: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        count = len(self.visible)
        if self.covering is not None and self.covering.shape != (count,):
            raise ValueError(f"covering must have shape {(count,)}, got {self.covering.shape}")
        for name, expected in (
            ("landmarks_px", (count, self.layout.points, 3)),
            ("score", (count,)),
            ("pose", (count, 3)),
        ):
            shape = getattr(self, name).shape
            if shape != expected:
                raise ValueError(f"{name} must have shape {expected}, got {shape}")

    def __len__(self) -> int:
        return len(self.visible)

    @property
    def end(self) -> int:
        """Index in the film just after the last frame."""
        return self.start + len(self)

    @property
    def scale_px(self) -> NDArray[np.float32]:
        """Distance of the outer eye corners, shape ``(T,)``, in pixels."""
        return self.layout.scale_px(self.landmarks_px)

    def cut(self, start: int, end: int) -> FaceTrack:
        """Frames ``[start, end)`` of the film; both must lie inside the track."""
        if not self.start <= start < end <= self.end:
            raise ValueError(f"[{start}, {end}) is not inside the track [{self.start}, {self.end})")
        part = slice(start - self.start, end - self.start)
        return FaceTrack(
            self.id,
            start,
            self.layout,
            self.landmarks_px[part],
            self.visible[part],
            self.score[part],
            self.pose[part],
            None if self.covering is None else self.covering[part],
        )


@dataclass(frozen=True)
class MouthMotion:
    """How a mouth moves, free of person and pose.

    Attributes:
        basis: Name of the motion basis the coefficients belong to.
        coefficients: ``(T, K)`` float32.
        frame_rate: Frames a second.
        start: Index in the film of the first frame.
    """

    basis: str
    coefficients: NDArray[np.float32]
    frame_rate: Fraction
    start: int = 0

    def __post_init__(self) -> None:
        if self.coefficients.ndim != 2 or not np.isfinite(self.coefficients).all():
            raise ValueError(f"expected finite coefficients (T, K), got shape {self.coefficients.shape}")

    def __len__(self) -> int:
        return int(self.coefficients.shape[0])


@dataclass(frozen=True)
class FacePatch:
    """What replaces the mouth in one frame, at the frame's own resolution.

    Attributes:
        frame: Index in the film.
        image: ``(h, w, 3)`` uint8, RGB.
        alpha: ``(h, w)`` float32 in 0..1; exactly 0 outside the lower-face hull, so those pixels stay as they were.
        left: Column in the frame of the patch's first pixel.
        top: Row in the frame of the patch's first pixel.
    """

    frame: int
    image: NDArray[np.uint8]
    alpha: NDArray[np.float32]
    left: int
    top: int

    def __post_init__(self) -> None:
        if self.image.shape != (*self.alpha.shape, 3) or self.image.dtype != np.uint8:
            raise ValueError(f"image {self.image.dtype} {self.image.shape} does not fit alpha {self.alpha.shape}")


@dataclass(frozen=True)
class PassThrough:
    """Frames ``[start, end)`` that were left as they are, and why."""

    start: int
    end: int
    reason: str


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The stretches of True, as half-open index pairs.

    Example:
        >>> runs(np.array([True, True, False, True]))
        [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
