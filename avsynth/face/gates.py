"""Decides in which frames a face can be changed well; the others pass through as they are, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from avsynth.core.face import FaceTrack, PassThrough

_NOTHING = 0
_NO_FACE, _OUTSIDE, _SMALL, _TURNED, _TILTED, _UNSURE, _COVERED = range(1, 8)
_HARD = (_NO_FACE, _OUTSIDE, _COVERED)  # no run of these is bridged, however short


@dataclass(frozen=True)
class GateLimits:
    """What a frame must satisfy.

    Attributes:
        scale_px: Least distance of the outer eye corners; below it lips are found to no better than 0.0125 of it.
        yaw: Most degrees to either side; profiles cannot be rendered from frontal mouths.
        pitch: Most degrees up or down.
        score: Least confidence of the landmark engine.
        covering: Most that a lower face may differ from how it usually looks, in levels of 0..255.
        covered_frames: What is before a mouth for fewer frames than these is taken for an unusual mouth.
        cover_margin: Frames before and after that are left alone too: an edge, or a shadow, comes first.
        hysteresis: A frame that failed passes again only when inside the limit by this share of it.
        bridge_frames: A failure of size, pose or score this short between good frames is overlooked, and good frames
            this few between failures are not changed, so that the mouth does not flicker between two.
        bank_margin: Degrees a pose may lie outside the poses of the mouths it is rendered from.
    """

    scale_px: float = 40.0
    yaw: float = 40.0
    pitch: float = 40.0
    score: float = 0.5
    covering: float = 7.0
    covered_frames: int = 2
    cover_margin: int = 2
    hysteresis: float = 0.1
    bridge_frames: int = 4
    bank_margin: float = 10.0


DEFAULT_LIMITS = GateLimits()


@dataclass(frozen=True)
class Judgement:
    """Which frames of a track can be changed: ``usable (T,)``, and the others as runs with their reason."""

    usable: NDArray[np.bool_]
    passed_through: tuple[PassThrough, ...]


def judge(
    track: FaceTrack,
    *,
    frame_size: tuple[int, int],
    limits: GateLimits = DEFAULT_LIMITS,
    bank_pose: NDArray[np.float32] | None = None,
) -> Judgement:
    """Judge every frame of a track.

    Args:
        track: The face.
        frame_size: Height and width of the picture.
        limits: What a frame must satisfy.
        bank_pose: ``(N, 3)`` poses of the mouths the face is rendered from; None where they are not known yet.

    Returns:
        The usable frames, and runs of the others in frames of the film.
    """
    yaw, pitch = _pose_excess(track, limits, bank_pose)
    cause = np.full(len(track), _NOTHING, np.int8)
    for code, failing in (
        (_UNSURE, _sticky(limits.score / np.maximum(track.score, 1e-6), limits.hysteresis)),
        (_TILTED, _sticky(pitch, limits.hysteresis)),
        (_TURNED, _sticky(yaw, limits.hysteresis)),
        (_SMALL, _sticky(limits.scale_px / np.maximum(track.scale_px, 1e-6), limits.hysteresis)),
        (_COVERED, _is_covered(track, limits)),
        (_OUTSIDE, _is_outside(track, frame_size)),
        (_NO_FACE, ~track.visible),
    ):
        cause[failing] = code  # later ones are the deeper reason
    _bridge(cause, limits.bridge_frames)
    passed = tuple(
        PassThrough(track.start + start, track.start + end, _reason(track, start, end, int(cause[start]), limits))
        for start, end in _runs(cause)
        if cause[start] != _NOTHING
    )
    return Judgement(cause == _NOTHING, passed)


def _pose_excess(
    track: FaceTrack, limits: GateLimits, bank_pose: NDArray[np.float32] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far yaw and pitch are turned, over what is allowed; above 1 is too far."""
    excess = []
    for axis, most in ((0, limits.yaw), (1, limits.pitch)):
        angle = track.pose[:, axis].astype(np.float64)
        low, high = -most, most
        if bank_pose is not None and len(bank_pose):
            low = max(low, float(bank_pose[:, axis].min()) - limits.bank_margin)
            high = min(high, float(bank_pose[:, axis].max()) + limits.bank_margin)
        center, half = (low + high) / 2, max((high - low) / 2, 1e-6)
        excess.append(np.abs(angle - center) / half)
    return excess[0], excess[1]


def _sticky(excess: NDArray[np.float64], hysteresis: float) -> NDArray[np.bool_]:
    """Where a measure fails: from going above 1 until it is back below ``1 - hysteresis``."""
    failing = np.zeros(len(excess), np.bool_)
    bad = False
    for index, value in enumerate(excess):
        bad = value > (1 - hysteresis if bad else 1)
        failing[index] = bad
    return failing


def _is_outside(track: FaceTrack, frame_size: tuple[int, int]) -> NDArray[np.bool_]:
    """Where a lip, or a fifth of the jaw, lies beyond the picture."""
    height, width = frame_size
    points = track.landmarks_px[..., :2]
    inside = np.all((points >= -0.5) & (points <= np.array([width, height]) - 0.5), axis=-1)
    lips, jaw = inside[:, list(track.layout.outer_lip)], inside[:, list(track.layout.jaw)]
    outside: NDArray[np.bool_] = ~lips.all(axis=1) | (jaw.mean(axis=1) < 0.8)
    return outside


def _is_covered(track: FaceTrack, limits: GateLimits) -> NDArray[np.bool_]:
    """Where something is before the mouth, with a margin, and between two such runs that are close to each other."""
    if track.covering is None:
        return np.zeros(len(track), np.bool_)
    covered = _sticky(track.covering.astype(np.float64) / limits.covering, limits.hysteresis).astype(np.int8)
    for start, end in _runs(covered):
        if covered[start] and end - start < limits.covered_frames:
            covered[start:end] = 0
    for start, end in _runs(covered)[1:-1]:
        if not covered[start] and end - start <= limits.bridge_frames:
            covered[start:end] = 1
    spread: NDArray[np.int8] = maximum_filter1d(covered, 2 * limits.cover_margin + 1, mode="nearest")
    return spread > 0


def _bridge(cause: NDArray[np.int8], frames: int) -> None:
    """Overlook short soft failures between good frames; then let short good runs share their neighbor's failure."""
    inner = _runs(cause)[1:-1]
    for start, end in inner:
        good_around = cause[start - 1] == _NOTHING and cause[end] == _NOTHING
        if end - start <= frames and cause[start] not in (_NOTHING, *_HARD) and good_around:
            cause[start:end] = _NOTHING
    for start, end in _runs(cause)[1:-1]:
        if end - start <= frames and cause[start] == _NOTHING:
            cause[start:end] = cause[start - 1]


def _runs(cause: NDArray[np.int8]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(cause)) + 1
    bounds = [0, *edges.tolist(), len(cause)]
    return list(pairwise(bounds))


def _reason(track: FaceTrack, start: int, end: int, code: int, limits: GateLimits) -> str:
    part = slice(start, end)
    reasons: dict[int, Callable[[], str]] = {
        _NO_FACE: lambda: "no face",
        _OUTSIDE: lambda: "outside the frame",
        _SMALL: lambda: f"face too small ({track.scale_px[part].min():.0f} px < {limits.scale_px:.0f})",
        _TURNED: lambda: f"turned away (yaw {_widest(track.pose[part, 0]):.0f})",
        _TILTED: lambda: f"turned away (pitch {_widest(track.pose[part, 1]):.0f})",
        _COVERED: lambda: "something is before the mouth",
        _UNSURE: lambda: f"landmark score low ({track.score[part].min():.2f})",
    }
    return reasons[code]()


def _widest(angles: NDArray[np.float32]) -> float:
    return float(angles[np.abs(angles).argmax()])
