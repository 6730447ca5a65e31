import numpy as np
import pytest

from avsynth.lipsync.visemes import COMPONENTS, Contact, visemes

OPENING, WIDTH, PROTRUSION, TUCK, JAW = range(5)


def target(symbol: str) -> np.ndarray:
    (viseme,) = visemes(symbol)
    return viseme.target


@pytest.mark.parametrize("symbol", ["p", "b", "m", "pʰ", "bʲ", "mː", "ɓ", "m̩"])
def test_bilabials_touch_with_both_lips(symbol: str) -> None:
    (viseme,) = visemes(symbol)
    assert viseme.contact is Contact.LIPS
    assert viseme.target[OPENING] == 0


@pytest.mark.parametrize("symbol", ["f", "v", "ɱ", "pf"])  # the last after closed lips
def test_labiodentals_touch_the_teeth(symbol: str) -> None:
    viseme = visemes(symbol)[-1]
    assert viseme.contact is Contact.TEETH
    assert viseme.target[TUCK] == 1


@pytest.mark.parametrize("symbol", ["β", "w", "t", "k", "a", "s", "ʋ"])
def test_others_touch_nothing(symbol: str) -> None:
    assert all(viseme.contact is Contact.NONE for viseme in visemes(symbol))


def test_low_vowels_open_wider_than_high_ones() -> None:
    openings = [target(v)[OPENING] for v in ("a", "ɛ", "e", "i")]
    assert openings == sorted(openings, reverse=True)
    assert openings[0] >= 0.9
    assert openings[-1] <= 0.35


def test_round_vowels_are_narrow_and_front_ones_wide() -> None:
    assert target("u")[WIDTH] == -1
    assert target("u")[PROTRUSION] == 1
    assert target("i")[WIDTH] >= 0.8
    assert target("i")[PROTRUSION] == 0
    assert target("y")[WIDTH] < -0.8


def test_a_diphthong_has_two_positions_and_an_affricate_one() -> None:
    open_, narrow = visemes("aʊ")
    assert open_.target[OPENING] >= 0.9 > 0.5 >= narrow.target[OPENING]
    assert len(visemes("ts")) == 1


@pytest.mark.parametrize("symbol", ["", "sil", "|"])
def test_silence_asks_for_nothing(symbol: str) -> None:
    assert visemes(symbol) == ()


@pytest.mark.parametrize("symbol", ["ɮ", "q", "ʘ", "ŋ͡m", "?", "x̯̃"])
def test_any_symbol_gives_finite_coefficients_in_range(symbol: str) -> None:
    for viseme in visemes(symbol):
        assert viseme.target.shape == viseme.dominance.shape == (len(COMPONENTS),)
        low, high = np.array([0, -1, 0, 0, 0]), np.ones(5)
        assert ((viseme.target >= low) & (viseme.target <= high)).all()
        assert (viseme.dominance > 0).all()
