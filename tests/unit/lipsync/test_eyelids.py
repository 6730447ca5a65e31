import numpy as np
from drawn_track import ibug_points

from avsynth.core.face import FaceLayout
from avsynth.face.layouts import IBUG_68
from avsynth.lipsync.eyelids import Eye, close_lids, open_eyes

PIXEL = 0.005


def eye() -> Eye:
    x = np.linspace(-0.18, 0.18, 9)
    bow = 1 - (x / 0.18) ** 2
    return Eye(
        np.stack([x, -0.06 * bow], 1),
        np.stack([x, 0.05 * bow], 1),
        np.array([[-0.25, -0.25], [0.0, -0.30], [0.25, -0.25]]),
    )


def places() -> np.ndarray:
    x, y = np.meshgrid(np.arange(-60, 61), np.arange(-80, 61))
    return (np.stack([x, y], axis=-1) * PIXEL).astype(np.float32)


def test_open_lids_leave_everything_in_place() -> None:
    at = places()
    lid, below, _ = close_lids(at, eye=eye(), closed=0.0, pixel=PIXEL)
    np.testing.assert_array_equal(lid, at)
    np.testing.assert_array_equal(below, at)


def test_shut_lids_hide_the_eye_with_the_skin_above_it() -> None:
    at = places()
    lid, below, seen = close_lids(at, eye=eye(), closed=1.0, pixel=PIXEL)
    column = at[..., 0] == 0
    inside = column & (at[..., 1] > -0.055) & (at[..., 1] < 0.035)
    assert (seen[inside] == 1).all()
    assert (lid[inside][:, 1] < -0.05).all()  # taken from above the upper lid's edge
    under = column & (at[..., 1] > 0.06)
    assert (seen[under] == 0).all()
    assert (below[column & (at[..., 1] > 0.2)] == at[column & (at[..., 1] > 0.2)]).all()


def test_brow_and_corners_do_not_move() -> None:
    at = places()
    lid, below, _ = close_lids(at, eye=eye(), closed=1.0, pixel=PIXEL)
    brow = at[..., 1] < -0.28
    np.testing.assert_allclose(lid[brow], at[brow], atol=1e-6)
    beside = np.abs(at[..., 0]) > 0.19
    np.testing.assert_allclose(lid[beside], at[beside], atol=1e-6)
    np.testing.assert_allclose(below[beside], at[beside], atol=1e-6)


def test_skin_is_stretched_and_never_folded() -> None:
    at = places()
    for closed in (0.3, 0.7, 1.0):
        lid, _, seen = close_lids(at, eye=eye(), closed=closed, pixel=PIXEL)
        steps = np.diff(lid[:, 60, 1])[seen[1:, 60] == 1]
        assert (steps > 0).all()


def test_shut_eyes_and_unknown_layouts_do_not_blink() -> None:
    points = ibug_points(0.0)
    assert len(open_eyes(points, IBUG_68)) == 2
    shut = points.copy()
    shut[36:42, 1] *= 0.2  # one is shut already: blinking with the other would be winking
    assert open_eyes(shut, IBUG_68) == ()
    other = FaceLayout("other", 68, (), (), (), (0, 1), (2, 3), (), ())
    assert open_eyes(points, other) == ()
