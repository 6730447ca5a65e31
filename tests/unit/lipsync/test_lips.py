import numpy as np
import pytest
from drawn_track import DRAWN, face_points

from avsynth.lipsync.canonical import MouthPoints
from avsynth.lipsync.lips import FEATURES, directions, features, with_opening

POINTS = MouthPoints.of(DRAWN)
INNER_TOP, INNER_LOW = POINTS.inner.start + 6, POINTS.inner.start + 18


def mouth(opening: float) -> np.ndarray:
    return face_points(opening)[POINTS.indices]


def test_features_measure_what_was_drawn() -> None:
    shut, wide = features(np.stack([mouth(0.0), mouth(0.2)]), points=POINTS)
    assert shut[0] == pytest.approx(0)
    assert wide[0] == pytest.approx(0.2)
    assert shut[1] == pytest.approx(0.5)
    assert wide[4] - shut[4] > 0.1  # the chin follows


@pytest.mark.parametrize("before", [0.0, 0.05, 0.25])
@pytest.mark.parametrize("after", [0.0, 0.1, 0.3])
def test_the_opening_is_set_exactly_and_lips_keep_their_thickness(before: float, after: float) -> None:
    shape = mouth(before)[None]
    result = with_opening(shape, np.array([after]), points=POINTS)
    was, now = features(shape, points=POINTS)[0], features(result, points=POINTS)[0]
    assert now[0] == pytest.approx(after, abs=1e-9)
    np.testing.assert_allclose(now[2:4], was[2:4], atol=0.004)
    np.testing.assert_array_equal(result[0, POINTS.jaw], shape[0, POINTS.jaw])


def test_sealed_lips_meet_all_along() -> None:
    sealed = with_opening(mouth(0.2)[None], np.zeros(1), points=POINTS)[0, POINTS.inner]
    top = np.arange(1, 12)
    np.testing.assert_allclose(sealed[top, 1], sealed[24 - top, 1], atol=1e-12)


def test_each_direction_changes_its_feature_by_one() -> None:
    rest = mouth(0.0)
    for number in range(len(FEATURES)):
        moved = rest + 0.01 * directions(rest, points=POINTS).reshape(len(FEATURES), *rest.shape)[number]
        change = features(np.stack([rest, moved]), points=POINTS)
        assert (change[1] - change[0])[number] == pytest.approx(0.01, rel=0.2)
