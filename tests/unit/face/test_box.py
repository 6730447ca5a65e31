"""The detector's box lies where published crops have the face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_track import drawn_track
from synth import draw_film

from avsynth.face.box import face_boxes
from avsynth.face.layouts import IBUG_68


def test_eyes_and_mouth_lie_where_crops_have_them(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "film.mp4", openings=np.zeros(3), size=(320, 240), scale_px=48.0)
    track = drawn_track(film, layout=IBUG_68)
    for box, eyes, mouth in zip(face_boxes(track.landmarks_px, IBUG_68), film.eyes_px, film.mouth_px, strict=True):
        left, top, right, bottom = box
        assert (eyes[:, 1].mean() - top) / (bottom - top) == pytest.approx(0.4, abs=0.01)
        assert 0.7 < (mouth[1] - top) / (bottom - top) < 0.8
        assert (eyes[0, 0] + eyes[1, 0]) / 2 == pytest.approx((left + right) / 2, abs=0.5)
        assert 1.0 < (bottom - top) / (right - left) < 1.6
