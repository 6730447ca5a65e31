from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from drawn_track import drawn_track
from hypothesis import given
from hypothesis import strategies as st
from synth import Truth, syllables

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack
from avsynth.lipsync.perform import PARTED, SHUT, Performance, closed, read_performance, retarget
from avsynth.lipsync.visemes import BASIS

RATE = Fraction(25)


def clock(count: int, rate: Fraction = RATE) -> list[Fraction]:
    return [k / rate for k in range(count)]


def performer(openings: np.ndarray, *, rate: Fraction = RATE) -> FaceTrack:
    eyes = np.broadcast_to(np.array([[272.0, 200.0], [368.0, 200.0]]), (len(openings), 2, 2))
    return drawn_track(Truth(Path("none"), rate, openings, eyes, eyes.mean(axis=1)), noise_px=0.05)


def read(openings: np.ndarray, *, rate: Fraction = RATE, usable: np.ndarray | None = None) -> Performance:
    track = performer(openings, rate=rate)
    seen = track.visible if usable is None else usable
    return read_performance([(track, seen)], clock=clock(len(openings), rate))


def rows(*openings: float) -> np.ndarray:
    values = np.zeros((len(openings), 5), np.float32)
    values[:, 0] = openings
    return values


@pytest.mark.parametrize("most", [0.08, 0.16, 0.32])
def test_who_mumbles_and_who_shouts_move_another_mouth_alike(most: float) -> None:
    openings = syllables(150, most=most)
    opening = read(openings).coefficients[:, 0]
    assert np.corrcoef(opening, openings)[0, 1] > 0.97
    assert np.quantile(opening, 0.95) > 0.95
    assert (opening[openings < 0.03 * most] == 0).all()


def test_a_long_silence_does_not_make_speech_larger() -> None:
    speech = syllables(75, most=0.2)
    alone = read(speech).coefficients[:, 0]
    after = read(np.concatenate([np.zeros(1500), speech])).coefficients[1500:, 0]
    assert np.abs(after - alone).mean() < 0.02


def test_lips_that_quiver_around_closed_stay_closed() -> None:
    quiver = np.tile([0.5 * SHUT, 0.5 * (SHUT + PARTED)], 20)
    assert closed(np.array([0.8, *quiver, 0.8])).tolist() == [False] + [True] * len(quiver) + [False]


def test_motion_is_taken_at_exact_times_whatever_the_rates() -> None:
    most, performed, film = 0.2, Fraction(30000, 1001), Fraction(24)
    moved = retarget(
        read(syllables(150, frame_rate=performed, most=most), rate=performed), times=clock(100, film), frame_rate=film
    )
    truth = syllables(100, frame_rate=film, most=most)
    assert (moved.basis, moved.frame_rate, len(moved)) == (BASIS, film, 100)
    assert np.corrcoef(moved.coefficients[:, 0], truth)[0, 1] > 0.99


@given(st.integers(3, 57), st.sampled_from([Fraction(24), Fraction(25), Fraction(24000, 1001), Fraction(30)]))
def test_a_closure_of_one_frame_is_never_lost(place: int, film: Fraction) -> None:
    openings = np.full(61, 0.7)
    openings[place] = 0
    spoken = Performance(np.arange(61), Fraction(1, 60), rows(*openings))
    moved = spoken.at(clock(int(film), film))[:, 0]
    assert moved.min() == 0
    assert abs(int(moved.argmin()) / film - Fraction(place, 60)) <= 1 / film


def test_short_losses_are_bridged_and_long_ones_rest() -> None:
    openings = np.full(50, 0.16)
    openings[::5] = 0.02
    usable = np.ones(50, bool)
    usable[12:15] = False  # 0.16 s without a picture of it
    usable[25:40] = False
    spoken = read(openings, usable=usable)
    moved = spoken.at(clock(50))[:, 0]
    assert not moved[29:36].any()
    assert moved[12:15].max() > 0.3


def test_beyond_its_end_the_mouth_rests_without_a_jump() -> None:
    moved = Performance(np.arange(10), Fraction(1, 25), rows(*[0.8] * 10)).at(clock(30))
    assert moved[9, 0] == pytest.approx(0.8)
    assert not moved[13:].any()
    assert np.abs(np.diff(moved[:, 0])).max() < 0.45


def test_uneven_times_are_kept() -> None:
    spoken = Performance(np.array([0, 10, 40]), Fraction(1, 100), rows(0.2, 0.4, 0.4))
    assert spoken.at([Fraction(1, 20), Fraction(1, 10)])[:, 0] == pytest.approx([0.3, 0.4])


def test_a_performer_who_is_never_seen_is_refused() -> None:
    with pytest.raises(InputError, match="performer"):
        read(np.zeros(10), usable=np.zeros(10, bool))


def test_times_must_increase() -> None:
    with pytest.raises(ValueError, match="increase"):
        Performance(np.array([0, 0]), Fraction(1, 25), rows(0, 0))
