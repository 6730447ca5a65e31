"""What a person looks like around eyes and nose, kept from a few frames, to tell people apart whose heads are alike."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceLayout
from avsynth.core.media import Frames
from avsynth.face.pose import head_pose, rigid_head
from avsynth.media.color import sample_rgb

_SIDE = 48  # pixels of a crop
_SCALE = 32.0  # pixels the outer eye corners are apart in it
_LEFT, _TOP = -0.75, -0.6  # of the crop, in eye distances from the middle of the eyes
_EVERY, _MOST = 10, 8  # frames between two crops of a piece, and how many of them are kept

# Difference of Gaussians of the logarithm: no gradient of light, and nothing as fine as noise and compression. Of the
# widths tried (0.5 to 1.5 and 2 to 8 pixels) these set six people apart most widely.
_FINE, _COARSE = 0.7, 3.0
_DARK = 8.0  # added to 0..255 before the logarithm, which would make the noise of dark pictures large
_FLAT = 0.02  # contrast below which nothing is taken for a pattern

_ROWS, _COLUMNS = np.mgrid[:_SIDE, :_SIDE]
_Y, _X = _TOP + (_ROWS + 0.5) / _SCALE, _LEFT + (_COLUMNS + 0.5) / _SCALE
# Brows, eyes and nose; not the mouth, which moves, and not the hair beside the cheeks.
_COMPARED = (np.abs(_X) < 0.62) & (_Y > -0.42) & (_Y < 0.6) & ((_Y < 0.12) | (np.abs(_X) < 0.36))
_SKIN = (np.abs(_X) < 0.3) & (_Y > 0.2) & (_Y < 0.45)


@dataclass(frozen=True)
class Look:
    """What one piece of track looks like.

    Attributes:
        patterns: ``(K, D)`` float32, rows of length 1: the structure around eyes and nose in K frames; light and
            contrast are taken out.
        skin: Shares of red and of blue in the color of nose and cheeks, in the median over the frames.
    """

    patterns: NDArray[np.float32]
    skin: tuple[float, float]

    @classmethod
    def of(cls, crops: NDArray[np.uint8]) -> Look:
        """From crops ``(K, 48, 48, 3)`` in RGB, as ``upper_face`` gives them; K is 1 at least."""
        colors = crops[:, _SKIN].reshape(-1, 3).astype(np.float64) + 1e-3
        shares = np.median(colors / colors.sum(axis=1, keepdims=True), axis=0)
        return cls(np.stack([_pattern(crop) for crop in crops]), (float(shares[0]), float(shares[2])))


@dataclass
class Album:
    """The most frontal crops of one face: eight at most, however long it is followed."""

    crops: list[tuple[float, NDArray[np.uint8]]] = field(default_factory=list)
    last: int | None = None

    def see(
        self, frame: int, source: tuple[Frames, int], *, landmarks_px: NDArray[np.float32], layout: FaceLayout
    ) -> None:
        """Look at the face in one frame, and keep it if it is seen better than the others.

        Args:
            frame: Index in the film.
            source: The chunk, and which picture of it.
            landmarks_px: ``(P, 3)`` where the face is.
            layout: Which landmark is which.
        """
        if self.last is not None and abs(frame - self.last) < _EVERY:
            return
        self.last = frame
        turned = float(np.abs(head_pose(landmarks_px[None], layout)[0, :2]).max())
        if len(self.crops) >= _MOST and turned >= self.crops[-1][0]:
            return
        frames, index = source
        self.crops.append((turned, upper_face(frames, index, landmarks_px=landmarks_px, layout=layout)))
        self.crops.sort(key=lambda crop: crop[0])
        del self.crops[_MOST:]

    def look(self) -> Look | None:
        """What was seen; None if nothing was."""
        return Look.of(np.stack([crop for _, crop in self.crops])) if self.crops else None


def upper_face(
    frames: Frames, index: int, *, landmarks_px: NDArray[np.float32], layout: FaceLayout
) -> NDArray[np.uint8]:
    """A face from the brows to the upper lip, upright and at one size: ``(48, 48, 3)`` uint8 RGB."""
    crop = np.array([[1 / _SCALE, 0, _LEFT + 0.5 / _SCALE], [0, 1 / _SCALE, _TOP + 0.5 / _SCALE], [0, 0, 1]])
    to_frame = head_to_frame(landmarks_px, layout=layout) @ crop
    return sample_rgb(frames, index, to_frame=to_frame, size=(_SIDE, _SIDE))


def head_to_frame(landmarks_px: NDArray[np.float32], *, layout: FaceLayout) -> NDArray[np.float64]:
    """``(2, 3)``: from eye distances around the middle of the eyes to pixels of the frame.

    The rotation, scale and shift of least squares between a frontal head and the landmarks that do not move with
    speech; what remains of a turned head is its perspective.

    Source: Umeyama (1991), in two dimensions.
    """
    head = rigid_head(layout)[:, :2]
    face = landmarks_px[list(layout.rigid), :2].astype(np.float64)
    middle, aim = head.mean(axis=0), face.mean(axis=0)
    a, b = head - middle, face - aim
    power = float((a**2).sum())
    cosine = float((a * b).sum()) / power
    sine = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / power
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([turn, aim - turn @ middle])


def likeness(first: Look, second: Look) -> float:
    """Correlation of the two patterns that are most alike, -1 to 1: poses differ, and eyes open and close."""
    return float((first.patterns @ second.patterns.T).max())


def skin_difference(first: Look, second: Look) -> float:
    """The larger of the differences between the shares of red and of blue; 0 to 1."""
    return max(abs(a - b) for a, b in zip(first.skin, second.skin, strict=True))


def _pattern(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    light = np.log(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32) + _DARK)
    detail = cv2.GaussianBlur(light, (0, 0), _FINE) - cv2.GaussianBlur(light, (0, 0), _COARSE)
    contrast = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 1.5 * _COARSE)) + _FLAT
    pattern = (detail / contrast)[_COMPARED]
    pattern -= pattern.mean()
    length = float(np.linalg.norm(pattern))
    result: NDArray[np.float32] = (pattern / length if length > 0 else pattern).astype(np.float32)
    return result
