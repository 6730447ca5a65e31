"""How a line was spoken is measured on drawn sound, and laid over another line."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.voice.delivery import PLACES, Delivery, Pause, emphasis_at, with_pauses
from avsynth.voice.rhythm import Piece, edges_in_samples

RATE = 16_000


def hum(hz: np.ndarray, gain: np.ndarray) -> Waveform:
    """A buzz of a given pitch and loudness, 100 times a second."""
    at = np.arange(len(hz) * RATE // 100) / (RATE / 100)
    phase = 2 * np.pi * np.cumsum(np.interp(at, np.arange(len(hz)), hz)) / RATE
    sound = sum(np.sin(k * phase) / k for k in range(1, 12)) * 0.1
    return Waveform((sound * np.interp(at, np.arange(len(gain)), gain))[None].astype(np.float32), RATE)


def line(*, hz: float = 180.0, rise: float = 0.0, at: float = 0.7, seconds: float = 2.0) -> Waveform:
    share = np.arange(int(seconds * 100)) / (seconds * 100)
    pitch = hz * np.exp(-0.1 * (share - 0.5) + rise * np.exp(-0.5 * ((share - at) / 0.06) ** 2))
    return hum(pitch, np.ones(len(share)))


def test_level_and_spread_of_a_hum():
    found = Delivery.of(line(hz=180), f0_median_hz=150)
    assert found is not None
    assert found.level == pytest.approx(np.log(180 / 150), abs=0.02)
    assert found.spread == pytest.approx(0.1 / np.sqrt(12), abs=0.01)
    assert not found.pauses
    assert np.abs(found.pitch).max() < 0.02  # a line that only falls stresses nothing


@pytest.mark.parametrize("at", [0.25, 0.7])
def test_a_stressed_place_is_found_where_it_is(at):
    found = Delivery.of(line(rise=0.25, at=at), f0_median_hz=180)
    assert found is not None
    assert found.pitch.argmax() / (PLACES - 1) == pytest.approx(at, abs=0.05)
    assert found.pitch.max() > 0.1


def test_a_louder_word_is_found():
    gain = np.full(200, 0.3)
    gain[120:150] = 0.6
    found = Delivery.of(hum(np.full(200, 140.0), gain), f0_median_hz=140)
    assert found is not None
    assert found.loudness.argmax() / (PLACES - 1) == pytest.approx(0.675, abs=0.06)


def test_pauses_are_found_with_their_lengths():
    gain = np.ones(300)
    gain[100:150] = 0
    found = Delivery.of(hum(np.full(300, 140.0), gain), f0_median_hz=140)
    assert found is not None
    assert len(found.pauses) == 1
    assert found.pauses[0].seconds == pytest.approx(0.5, abs=0.05)
    assert found.pauses[0].at == pytest.approx(100 / 250, abs=0.03)


def test_what_is_no_voice_has_no_delivery():
    noise = np.random.default_rng(0).normal(0, 0.1, (1, 2 * RATE)).astype(np.float32)
    assert Delivery.of(Waveform(noise, RATE), f0_median_hz=150) is None
    assert Delivery.of(Waveform(np.zeros((1, RATE), np.float32), RATE), f0_median_hz=150) is None


def pieces(*lengths: float) -> list[Piece]:
    """Pauses at even places, sounds between."""
    edges = np.cumsum([0, *lengths])
    spans = [Span(Fraction(float(a)), Fraction(float(b))) for a, b in itertools.pairwise(edges)]
    return [Piece("vowel" if index % 2 else "pause", span) for index, span in enumerate(spans)]


def test_the_pause_near_the_same_place_gets_its_length():
    found = Delivery(0, 0.1, np.zeros(PLACES), np.zeros(PLACES), (Pause(0.55, 0.8),))
    said = pieces(0.1, 1.0, 0.2, 1.0, 0.3, 2.0, 0.1)
    assert with_pauses(said, found) == pytest.approx([0.1, 1.0, 0.2, 1.0, 0.8, 2.0, 0.1])
    assert with_pauses(said, None) == pytest.approx([0.1, 1.0, 0.2, 1.0, 0.3, 2.0, 0.1])
    late = Delivery(0, 0.1, np.zeros(PLACES), np.zeros(PLACES), (Pause(0.8, 0.8),))
    assert with_pauses(said, late) == with_pauses(said, None)


@given(
    pauses=st.lists(st.tuples(st.floats(0, 1), st.floats(0.2, 1.5)), max_size=4),
    samples=st.integers(1000, 9000),
)
def test_a_line_with_the_originals_pauses_is_as_long_as_asked(pauses, samples):
    rests = tuple(Pause(at, seconds) for at, seconds in sorted(pauses))
    found = Delivery(0, 0.1, np.zeros(PLACES), np.zeros(PLACES), rests)
    said = pieces(0.1, 1.0, 0.2, 1.0, 0.3, 2.0, 0.1)
    edges = edges_in_samples(said, samples=samples, sample_rate=1000, lengths=with_pauses(said, found))
    assert edges[0] == 0
    assert edges[-1] == samples
    assert all(a < b for a, b in itertools.pairwise(edges))


def test_emphasis_stands_still_in_pauses():
    values = np.linspace(0, 1, PLACES)
    sounding = np.array([True] * 10 + [False] * 5 + [True] * 10)
    laid = emphasis_at(values, sounding)
    assert laid[9] == pytest.approx(0.5, abs=0.03)
    assert np.ptp(laid[9:15]) == 0
    assert laid[-1] == pytest.approx(1.0)
