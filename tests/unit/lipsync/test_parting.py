import numpy as np
from drawn_track import ibug_points

from avsynth.face.layouts import IBUG_68
from avsynth.lipsync.canonical import MouthPoints
from avsynth.lipsync.lips import with_opening
from avsynth.lipsync.parting import Parting, jaw_shift

POINTS = MouthPoints.of(IBUG_68)
PIXEL = 0.005


def mouth(opening: float = 0.0) -> np.ndarray:
    """The drawn face's mouth points around the middle of its lips."""
    closed = (ibug_points(0.0) - [0, 0.78])[POINTS.indices]
    return with_opening(closed[None], np.array([opening]), points=POINTS)[0]


STILL = (ibug_points(0.0) - [0, 0.78])[list(IBUG_68.rigid)]


def parted(source: np.ndarray, wanted: np.ndarray) -> Parting:
    return Parting.fit(source, wanted, still=STILL, points=POINTS)


def at(*places: tuple[float, float]) -> np.ndarray:
    return np.array([places, places], np.float32)


def moved(parting: Parting, places: np.ndarray) -> np.ndarray:
    upper, lower, below = parting.moved(places, step=1, pixel=PIXEL)
    return (upper + (lower - upper) * below[..., None])[0]


def test_the_same_mouth_moves_nothing() -> None:
    same = parted(mouth(), mouth())
    x, y = np.meshgrid(np.linspace(-1, 1, 21), np.linspace(-0.6, 1, 21))
    places = np.stack([x, y], axis=-1).astype(np.float32)
    for part in same.moved(places, step=2, pixel=PIXEL)[:2]:
        np.testing.assert_allclose(part, 0, atol=2e-4)


def test_lips_come_from_where_they_are_in_the_picture() -> None:
    source, wanted = mouth(), mouth(0.15)
    parting = parted(source, wanted)
    low, up = POINTS.inner.start + 6, POINTS.inner.start + 2  # in the middle of the lower and of the upper lip
    # A little outside the opening, on the lips.
    place = at(tuple(wanted[low] + [0, 0.004]), tuple(wanted[up] - [0, 0.004]))
    taken = place[0] + moved(parting, place)
    np.testing.assert_allclose(taken[0], source[low] + [0, 0.004], atol=0.006)
    np.testing.assert_allclose(taken[1], source[up] - [0, 0.004], atol=0.006)


def test_the_chin_follows_the_lower_lip_and_the_ears_and_the_nose_stay() -> None:
    source, wanted = mouth(), mouth(0.15)
    shift = jaw_shift(source, wanted, points=POINTS)
    way = wanted[POINTS.inner.start + 6, 1] - source[POINTS.inner.start + 6, 1]
    assert shift[8, 1] == 0.75 * way
    np.testing.assert_allclose(shift[[0, -1]], 0, atol=1e-9)
    parting = parted(source, wanted)
    chin = source[POINTS.jaw][8] + shift[8]
    change = moved(parting, at(tuple(chin), tuple(STILL[-1]), tuple(source[POINTS.jaw][0])))
    np.testing.assert_allclose(change[0], -shift[8], atol=0.02)
    np.testing.assert_allclose(change[1:], 0, atol=0.012)


def test_beside_the_mouth_nothing_tears() -> None:
    parting = parted(mouth(), mouth(0.15))
    x = parting.inner[:, 0].max() + 0.05
    places = np.stack([np.full((200, 2), x), np.repeat(np.linspace(-0.1, 0.1, 200)[:, None], 2, 1)], -1)
    upper, lower, below = parting.moved(places.astype(np.float32), step=1, pixel=PIXEL)
    change = (upper + (lower - upper) * below[..., None])[:, 0, 1]
    assert np.abs(np.diff(change)).max() < 0.5 * 0.2 / 199  # steps of the picture keep half their size at least


def test_lips_that_close_over_teeth_are_taken_from_within() -> None:
    source = mouth(0.12)
    up = POINTS.inner.start + 2

    def taken(parting: Parting) -> float:
        place = at(tuple(parting.target[up]), tuple(parting.target[up]))
        return float((place + parting.moved(place, step=1, pixel=PIXEL)[0])[0, 0, 1])

    assert taken(parted(source, mouth(0.0))) < source[up, 1] - 0.006
    assert abs(taken(parted(source, source)) - source[up, 1]) < 0.004
