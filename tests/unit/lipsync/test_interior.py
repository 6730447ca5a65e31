import numpy as np

from avsynth.lipsync.interior import Interior, draw_interior

SKIN = np.full((80, 120, 3), 180, np.uint8)


def ring(gap: float) -> np.ndarray:
    x = np.linspace(20, 100, 11)
    bow = 1 - ((x - 60) / 40) ** 2
    top, low = np.stack([x, 40 - 0.3 * gap * bow], 1), np.stack([x, 40 + 0.7 * gap * bow], 1)
    return np.concatenate([top, low[-2:0:-1]])


def drawn(gap: float, amount: float = 1.0) -> np.ndarray:
    return draw_interior(SKIN, Interior(ring(gap), 180, 160, amount))


def test_an_open_mouth_is_dark_below_the_teeth() -> None:
    image = drawn(30)
    column = image[:, 60].mean(axis=1)
    assert column[50] < 60  # cavity
    assert column[36] > 2 * column[50]  # teeth under the upper lip
    assert (image[:25] == 180).all()
    assert (image[68:] == 180).all()
    assert (image[:, :15] == 180).all()


def test_closed_lips_and_amount_zero_change_nothing() -> None:
    assert (drawn(0.5) == SKIN).all()
    assert (drawn(30, amount=0.0) == SKIN).all()


def test_a_narrow_gap_shows_no_teeth() -> None:
    column = drawn(6)[:, 60].mean(axis=1)
    assert column[38:45].max() < 140


def test_a_band_leaves_what_is_above_and_below_it() -> None:
    image = draw_interior(SKIN, Interior(ring(30), 180, 160, 1.0, (0.5, 0.8), teeth=False))
    column = image[:, 60].mean(axis=1)  # the opening reaches from 31 to 61
    assert (column[:42] == 180).all()
    assert column[50] < 60
    assert (column[60:] == 180).all()
