"""Faces brought to one place, size and angle: what remains of their movement is pose and speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from avsynth.core.errors import InputError
from avsynth.core.face import FaceLayout, FaceTrack

Points = NDArray[np.float64]

_SMOOTH_FRAMES, _SMOOTH_ORDER = 7, 2  # Savitzky-Golay over the placement: takes out the landmarks' jitter
_TEMPLATE_FRAMES = 400
_CUT = 0.25  # a face that moves this many eye distances between two frames was cut to, and is not smoothed across


@dataclass(frozen=True)
class MouthPoints:
    """Which landmarks are followed, in one list: outer lip, inner lip, then the jaw from left to right.

    Attributes:
        layout: The landmark set.
        indices: ``(P,)`` landmark numbers.
        chin: Positions in ``indices`` of the middle of the jaw, which moves with speech.
    """

    layout: FaceLayout
    indices: NDArray[np.intp]
    chin: NDArray[np.intp]

    @classmethod
    def of(cls, layout: FaceLayout) -> MouthPoints:
        """The points of a layout."""
        lips, jaw = len(layout.outer_lip) + len(layout.inner_lip), len(layout.jaw)
        indices = np.array((*layout.outer_lip, *layout.inner_lip, *layout.jaw), np.intp)
        return cls(layout, indices, np.arange(lips + round(0.25 * jaw), lips + jaw - round(0.25 * jaw)))

    @property
    def outer(self) -> slice:
        """The outer lip in the list."""
        return slice(0, len(self.layout.outer_lip))

    @property
    def inner(self) -> slice:
        """The inner lip in the list."""
        return slice(len(self.layout.outer_lip), self.lips.stop)

    @property
    def lips(self) -> slice:
        """Both lips in the list."""
        return slice(0, len(self.layout.outer_lip) + len(self.layout.inner_lip))

    @property
    def jaw(self) -> slice:
        """The whole jaw in the list."""
        return slice(self.lips.stop, len(self.indices))


@dataclass(frozen=True)
class Template:
    """The person's rigid points at rest: unit is the distance of the outer eye corners, origin the lips' middle."""

    rigid: Points

    @classmethod
    def of(cls, tracks: Sequence[tuple[FaceTrack, NDArray[np.bool_]]]) -> Template:
        """The median face of the usable frames, upright.

        Raises:
            InputError: No frame is usable.
        """
        total = sum(int(usable.sum()) for _, usable in tracks)
        if not total:
            raise InputError("the footage shows no usable face; give clips in which the person is seen from the front")
        step, passed, faces = -(-total // _TEMPLATE_FRAMES), 0, []
        for track, usable in tracks:
            good = np.flatnonzero(usable)
            faces.append(track.landmarks_px[good[-passed % step :: step], :, :2])
            passed += len(good)
        marks = np.concatenate(faces).astype(np.float64)
        layout = tracks[0][0].layout
        rigid = list(layout.rigid)
        reference = marks[0][rigid]
        for _ in range(3):
            placed = apply(similarity(marks[:, rigid], reference), marks)
            reference = np.median(placed[:, rigid], axis=0)
        placed = apply(similarity(marks[:, rigid], reference), marks)
        middle = placed[:, list(layout.outer_lip)].mean(axis=(0, 1))
        left, right = placed[:, list(layout.eye_corners)].mean(axis=0)
        across = right - left
        scale = float(np.linalg.norm(across)) or 1.0
        cosine, sine = across / scale
        upright = np.array([[cosine, sine], [-sine, cosine]]) / scale
        return cls((reference - middle) @ upright.T)


def similarity(source: Points, target: Points) -> Points:
    """Least-squares rotation, scale and shift from ``source (T, P, 2)`` to ``target (P, 2)``; ``(T, 2, 3)``.

    Source: Umeyama (1991), in two dimensions, where it has a closed form.
    """
    middle, aim = source.mean(axis=1, keepdims=True), target.mean(axis=0)
    a, b = source - middle, target - aim
    power = np.maximum((a**2).sum(axis=(1, 2)), 1e-12)
    cosine = (a * b).sum(axis=(1, 2)) / power
    sine = (a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]).sum(axis=1) / power
    turn = np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], 1)
    shift = aim - np.einsum("tij,tj->ti", turn, middle[:, 0])
    return np.concatenate([turn, shift[..., None]], axis=-1)


def apply(transform: Points, points: Points) -> Points:
    """Move ``points (T, P, 2)`` by ``transform (T, 2, 3)``."""
    moved: Points = np.einsum("tij,tpj->tpi", transform[..., :2], points) + transform[:, None, :, 2]
    return moved


def invert(transform: Points) -> Points:
    """The way back of ``transform (..., 2, 3)``."""
    turn = np.linalg.inv(transform[..., :2])
    return np.concatenate([turn, -(turn @ transform[..., 2:])], axis=-1)


@dataclass(frozen=True)
class Placed:
    """A track brought to the template.

    Attributes:
        to_canonical: ``(T, 2, 3)``, from pixels of the frame, smoothed in time.
        mouth: ``(T, P, 2)`` the points of ``MouthPoints``.
        rigid: ``(T, R, 2)`` the rigid points; what differs from the template is pose.
        valid: ``(T,)`` bool: a face was seen and its landmarks are numbers.
    """

    to_canonical: Points
    mouth: Points
    rigid: Points
    valid: NDArray[np.bool_]


def place(track: FaceTrack, *, template: Template, points: MouthPoints) -> Placed:
    """Bring every frame of a track to the template; frames without numbers get their nearest neighbour's."""
    skull = len(track.layout.rigid)
    # Only these: a long track has so many frames that copies of whole faces would fill the memory.
    needed = [*track.layout.rigid, *points.indices]
    marks = track.landmarks_px[:, needed, :2].astype(np.float64)
    valid = track.visible & np.isfinite(marks).all(axis=(1, 2)) & (np.nan_to_num(track.scale_px) > 1)
    if not valid.any():
        count = len(track)
        still = np.broadcast_to(np.eye(2, 3), (count, 2, 3)).copy()
        return Placed(still, np.zeros((count, len(points.indices), 2)), np.zeros((count, skull, 2)), valid)
    marks = marks[_nearest(valid)]
    transform = _smoothed(similarity(marks[:, :skull], template.rigid), valid)
    return Placed(transform, apply(transform, marks[:, skull:]), apply(transform, marks[:, :skull]), valid)


def _nearest(valid: NDArray[np.bool_]) -> NDArray[np.intp]:
    """For every frame the nearest valid one."""
    good = np.flatnonzero(valid)
    after = np.clip(np.searchsorted(good, np.arange(len(valid))), 0, len(good) - 1)
    before = np.maximum(after - 1, 0)
    index = np.arange(len(valid))
    closer = np.abs(good[before] - index) <= np.abs(good[after] - index)
    return good[np.where(closer, before, after)]


def _smoothed(transform: Points, valid: NDArray[np.bool_]) -> Points:
    """Placements without jitter, run by run of valid frames, so that a gap does not smear into its neighbours."""
    out = transform.copy()
    origin = invert(transform)[:, :, 2]  # where the lips' middle lies in the frame
    scale = np.sqrt(np.abs(np.linalg.det(transform[:, :, :2])))
    jump = np.linalg.norm(np.diff(origin, axis=0), axis=1) * scale[1:] > _CUT
    jump |= np.abs(np.diff(np.log(scale))) > _CUT
    starts = np.flatnonzero(np.concatenate([[False], jump & valid[1:] & valid[:-1]]))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], valid, [False]]).astype(np.int8)))
    edges = np.sort(np.concatenate([edges, starts, starts]))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if last - first >= _SMOOTH_FRAMES:
            run = np.s_[first:last]
            out[run] = savgol_filter(transform[run], _SMOOTH_FRAMES, _SMOOTH_ORDER, axis=0, mode="interp")
    return out
