"""Strips put every picture where its row and frame say."""

import numpy as np
import pytest

from avsynth.metrics.strips import LARGEST, SMALLEST, draw_strips


def test_every_picture_is_in_its_row_and_column() -> None:
    small, large = np.full((40, 40, 3), 10, np.uint8), np.full((500, 500, 3), 200, np.uint8)
    sheet = draw_strips({"truth": {5: small, 30: large}, "sound": {30: small}}, frame_rate=25)
    bottom, right = sheet.shape[0], sheet.shape[1]
    assert (sheet[bottom - LARGEST :, right - LARGEST :] == 10).all()  # sound, the later frame
    assert (sheet[bottom - 2 * LARGEST : bottom - LARGEST, right - LARGEST :] == 200).all()
    assert (sheet[bottom - 2 * LARGEST : bottom - LARGEST, right - 2 * LARGEST : right - LARGEST] == 10).all()
    assert (sheet[bottom - LARGEST :, right - 2 * LARGEST : right - LARGEST] == 255).all()  # sound has no such frame


def test_nothing_cannot_be_laid_out() -> None:
    with pytest.raises(ValueError, match="no pictures"):
        draw_strips({"truth": {}}, frame_rate=25)


def test_small_pictures_are_enlarged_to_what_can_be_seen() -> None:
    sheet = draw_strips({"truth": {0: np.zeros((40, 40, 3), np.uint8)}}, frame_rate=25)
    assert (sheet[-SMALLEST:, -SMALLEST:] == 0).all()
    assert (sheet[:-SMALLEST, -2:] == 255).all()
