"""Notices a hand, microphone or caption before a mouth by how the lower face looks in its other frames."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from avsynth.core.face import FaceLayout
from avsynth.core.media import Frames
from avsynth.face.appearance import head_to_frame
from avsynth.media.color import sample_rgb

_SIZE, _SCALE = (32, 28), 20.0  # pixels of the crop, and how many of them the outer eye corners are apart
_LEFT, _TOP = -0.7, 0.1  # of the crop, in eye distances from the middle of the eyes
_BLUR, _STEP = 0.8, 2  # crop to cells: teeth and stubble are finer than what is looked for
_HULL = 0.93  # of the jaw's outline: what lies beyond is collar, hair and background

_ROWS, _COLUMNS = np.mgrid[: _SIZE[0] : _STEP, : _SIZE[1] : _STEP]
_Y, _X = _TOP + (_ROWS + 0.5) / _SCALE, _LEFT + (_COLUMNS + 0.5) / _SCALE
_MOUTH = (np.abs(_X) < 0.5) & (_Y > 0.5) & (_Y < 1.3)
_LIT = (np.abs(_X) < 0.5) & (_Y < 0.45)  # nose and cheeks: how bright the light on the face is

_BRIGHT, _DARK = 120.0, 40.0  # what the light is brought to, and below which noise counts for less
_TO_CELLS = np.array(
    [[0.299, 0.587, 0.114], [-0.598, -1.174, 1.772], [1.402, -1.174, -0.228]], np.float32
)  # Y, 2Cb, 2Cr

_FEWEST = 40  # frames of a piece below which nothing is known of how it usually looks
_FITTED = 2000  # frames that are fitted to, at most
_WAYS, _USUAL = 12, 0.65  # components of the usual look, and the share of the frames that shows it
_ROUNDS = 4
_CLIPPED = 40.0
_OFTEN = 0.5  # share of the frames in which a cell must lie inside the jaw to be looked at

Cells = tuple[NDArray[np.float16], NDArray[np.bool_], float]


def lower_face(frames: Frames, index: int, *, landmarks_px: NDArray[np.float32], layout: FaceLayout) -> Cells:
    """The lower face of one frame in 80 cells, upright, at one size and in one light.

    Args:
        frames: The chunk.
        index: Which picture of it.
        landmarks_px: ``(P, 3)`` where the face is.
        layout: Which landmark is which.

    Returns:
        ``(80, 3)`` luma and twice the two chroma differences, where nose and cheeks have a brightness of 120;
        ``(80,)`` which cells lie inside the jaw; and how far the picture is light enough to be trusted, 0 to 1.
    """
    head = head_to_frame(landmarks_px, layout=layout)
    crop = np.array([[1 / _SCALE, 0, _LEFT + 0.5 / _SCALE], [0, 1 / _SCALE, _TOP + 0.5 / _SCALE], [0, 0, 1]])
    image = sample_rgb(frames, index, to_frame=head @ crop, size=_SIZE).astype(np.float32)
    cells = cv2.GaussianBlur(image, (0, 0), _BLUR)[::_STEP, ::_STEP]
    light = float(cells[_LIT].mean())
    scaled = cells[_MOUTH] * (_BRIGHT / max(light, 1.0))
    jaw = (landmarks_px[list(layout.jaw), :2] - head[:, 2]) @ np.linalg.inv(head[:, :2]).T
    middle = jaw.mean(axis=0)
    outline = (middle + _HULL * (jaw - middle) - [_LEFT, _TOP]) * (_SCALE / _STEP) - 0.5
    inside = np.zeros(_MOUTH.shape, np.uint8)
    cv2.fillPoly(inside, [np.round(np.clip(outline, -100, 100) * 16).astype(np.int32)], (1,), shift=4)
    values = np.clip(scaled @ _TO_CELLS.T, -1000, 1000).astype(np.float16)
    return values, inside[_MOUTH] > 0, min(light / _DARK, 1.0)


def covering(seen: Sequence[Cells]) -> NDArray[np.float32]:
    """How far each frame is from what the mouth usually looks like.

    The usual look is what two thirds of the frames have in common: their mean and twelve ways to differ from it (mouths
    open, heads turn). Found as a trimmed principal component analysis that starts from medians.

    Where more than a third of a piece is covered, the cover itself is the usual look and is not noticed; pieces shorter
    than 40 frames are not judged.

    Args:
        seen: The frames of one piece of track, as ``lower_face`` gives them.

    Returns:
        ``(T,)`` float32: root mean square difference of the cells, in levels of 0..255; speech stays below 7.

    Source:
        Hubert, Rousseeuw and Vanden Branden (2005), "ROBPCA", reduced to its trimming.
    """
    count = len(seen)
    if count < _FEWEST:
        return np.zeros(count, np.float32)
    step = -(-count // _FITTED)
    inside = np.stack([frame[1] for frame in seen])
    inside &= inside.mean(axis=0) > _OFTEN
    sample = np.stack([frame[0] for frame in seen[::step]]).astype(np.float32)
    usual = np.zeros(sample.shape[1:], np.float32)
    for cell in np.flatnonzero(inside.any(axis=0)):
        usual[cell] = np.median(sample[inside[::step, cell], cell], axis=0)
    mean, ways = _usual_look(_filled(sample, inside[::step], usual), inside[::step], usual.ravel())
    score = np.zeros(count, np.float32)
    for start in range(0, count, _FITTED):
        part = slice(start, start + _FITTED)
        cells = np.stack([frame[0] for frame in seen[part]]).astype(np.float32)
        distance = _distance(_filled(cells, inside[part], usual), inside[part], mean, ways)
        score[part] = distance * [frame[2] for frame in seen[part]]
    return score


def _filled(cells: NDArray[np.float32], inside: NDArray[np.bool_], usual: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows ``(T, D)``, with the usual value where a cell is not of the face."""
    return np.where(inside[..., None], cells, usual).reshape(len(cells), -1).astype(np.float32)


def _usual_look(
    rows: NDArray[np.float32], inside: NDArray[np.bool_], usual: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean ``(D,)`` and directions ``(K, D)`` of the frames that are most alike."""
    gap = np.clip(np.abs(rows - usual), 0, _CLIPPED)  # one wide-open mouth is not less usual than a covered one
    distance = np.sqrt((gap**2).sum(axis=1) / _looked_at(inside))
    mean, ways = usual, np.zeros((0, rows.shape[1]), np.float32)
    for _ in range(_ROUNDS):
        kept = rows[distance <= np.quantile(distance, _USUAL)]
        mean = kept.mean(axis=0)
        centered = kept - mean
        ways = np.linalg.eigh(centered.T @ centered)[1][:, : -_WAYS - 1 : -1].T
        distance = _distance(rows, inside, mean, ways)
    return mean, ways


def _distance(
    rows: NDArray[np.float32], inside: NDArray[np.bool_], mean: NDArray[np.float32], ways: NDArray[np.float32]
) -> NDArray[np.float32]:
    centered = rows - mean
    rest = (centered - (centered @ ways.T) @ ways) * np.repeat(inside, 3, axis=1)
    distance: NDArray[np.float32] = np.sqrt((rest**2).sum(axis=1) / _looked_at(inside)).astype(np.float32)
    return distance


def _looked_at(inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Values looked at in each frame; a turned face shows few cells, which must not weigh as much as all."""
    looked: NDArray[np.float64] = 3.0 * np.maximum(inside.sum(axis=1), inside.shape[1] // 4)
    return looked
