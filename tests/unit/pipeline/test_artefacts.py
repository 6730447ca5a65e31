"""A track comes back as it was written, with and without what was seen before the mouth."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avsynth.core.face import FaceTrack
from avsynth.face.layouts import IBUG_68
from avsynth.pipeline.artefacts import load_track, save_track


@pytest.mark.parametrize("covering", [None, np.array([1.5, 8.0, 2.0], np.float32)], ids=["not looked", "looked"])
def test_a_track_comes_back(tmp_path: Path, covering: np.ndarray | None) -> None:
    points = np.random.default_rng(0).normal(size=(3, 68, 3)).astype(np.float32)
    flags = np.array([True, False, True])
    plain = FaceTrack(4, 7, IBUG_68, points, flags, np.ones(3, np.float32), np.zeros((3, 3), np.float32))
    save_track(tmp_path / "a.npz", replace(plain, covering=covering))
    back = load_track(tmp_path / "a.npz")
    assert (back.id, back.start, back.layout) == (4, 7, IBUG_68)
    np.testing.assert_array_equal(back.landmarks_px, points)
    np.testing.assert_array_equal(back.visible, flags)
    assert (back.covering is None) == (covering is None)
    if covering is not None:
        np.testing.assert_array_equal(back.cut(8, 10).covering, covering[1:])
