"""Mouths side by side for the eye: a row a way of moving them, a column a frame."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from avsynth.metrics.picture import Picture

SMALLEST, LARGEST = 128, 224  # pixels a side, between which all mouths are enlarged or shrunk to the largest's size
_LABEL = 96  # width of the names
_TOP = 22  # height of the times
_INK, _PAPER = (32, 32, 32), 255


def draw_strips(rows: Mapping[str, Mapping[int, Picture]], *, frame_rate: float) -> Picture:
    """Lay pictures of the same frames out in a table.

    Args:
        rows: By name, by frame: square pictures ``(h, h, 3)`` uint8, RGB, of any size. A frame that a row has not is
            left white.
        frame_rate: Frames a second, for the times above the columns.

    Returns:
        ``(H, W, 3)`` uint8, RGB.

    Raises:
        ValueError: There is no picture.

    Example:
        >>> gray = {frame: np.full((50, 50, 3), 128, np.uint8) for frame in (0, 25)}
        >>> draw_strips({"truth": gray, "static": gray}, frame_rate=25).shape == (22 + 2 * 128, 96 + 2 * 128, 3)
        True
    """
    columns = sorted({frame for row in rows.values() for frame in row})
    if not columns:
        raise ValueError("there are no pictures to lay out")
    sides = [picture.shape[0] for row in rows.values() for picture in row.values()]
    tile = int(np.clip(max(sides), SMALLEST, LARGEST))
    sheet = np.full((_TOP + tile * len(rows), _LABEL + tile * len(columns), 3), _PAPER, np.uint8)
    for place, frame in enumerate(columns):
        _write(sheet, f"{frame / frame_rate:.2f} s", x=_LABEL + place * tile + 4, y=16)
    for line, (name, row) in enumerate(rows.items()):
        top = _TOP + line * tile
        _write(sheet, name, x=6, y=top + tile // 2)
        for frame, picture in row.items():
            left = _LABEL + columns.index(frame) * tile
            shrinks = picture.shape[0] > tile
            way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
            sheet[top : top + tile, left : left + tile] = cv2.resize(picture, (tile, tile), interpolation=way)
    return sheet


def _write(sheet: Picture, text: str, *, x: int, y: int) -> None:
    cv2.putText(sheet, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
