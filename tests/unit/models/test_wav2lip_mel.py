"""The mel front end gives the numbers that its definition gives, and each frame the window that belongs to it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsynth.models.wav2lip_mel import COLUMNS, MELS, SILENCE, first_column, mel_columns, windows


def slaney_mel(hz: np.ndarray) -> np.ndarray:
    """Slaney's scale: linear up to 1 kHz, 15 mel; then logarithmic, 27 steps to a factor of 6.4."""
    return np.where(hz < 1000, hz / (200 / 3), 15 + np.log(np.maximum(hz, 1e-9) / 1000) / (np.log(6.4) / 27))


def centers_hz() -> np.ndarray:
    """The middle frequencies of the 80 bands, equally far apart in mel from 55 to 7600 Hz."""
    low, high = slaney_mel(np.array([55.0, 7600.0]))
    mel = np.linspace(low, high, MELS + 2)[1:-1]
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def test_silence_is_the_lowest_value() -> None:
    mels = mel_columns(np.zeros(16_000, np.float32))
    assert mels.shape == (80, 81)  # a column every 200 samples, and one more
    assert (mels == SILENCE).all()


@pytest.mark.parametrize("hz", [220.0, 440.0, 1000.0, 3000.0, 6000.0])
def test_a_tone_lies_in_the_band_of_its_frequency(hz: float) -> None:
    tone = 0.5 * np.sin(2 * np.pi * hz * np.arange(16_000) / 16_000)
    loudest = int(mel_columns(tone.astype(np.float32))[:, 40].argmax())
    assert abs(loudest - int(np.abs(centers_hz() - hz).argmin())) <= 1


def test_a_tone_has_the_level_that_arithmetic_gives() -> None:
    """A tone in the middle of a bin: half its amplitude times the window's sum, through pre-emphasis and triangles."""
    hz, amplitude = 3000.0, 0.25
    tone = amplitude * np.sin(2 * np.pi * hz * np.arange(16_000) / 16_000)
    emphasis = abs(1 - 0.97 * np.exp(-2j * np.pi * hz / 16_000))
    spectrum = np.zeros(401)
    spectrum[149:152] = amplitude * emphasis * 400 / 2 * np.array([0.5, 1, 0.5])  # Hann of 800: sum 400, side bins half
    low, high = slaney_mel(np.array([55.0, 7600.0]))
    mel = np.linspace(low, high, MELS + 2)
    edges = np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
    bins = np.arange(401) * 20.0
    expected = []
    for left, middle, right in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        triangle = np.clip(np.minimum((bins - left) / (middle - left), (right - bins) / (right - middle)), 0, None)
        level = max(1e-5, float(triangle @ spectrum) * 2 / (right - left))
        expected.append(np.clip(8 * (20 * np.log10(level) - 20 + 100) / 100 - 4, -4, 4))
    got = mel_columns(tone.astype(np.float32))[:, 40]
    heard = np.array(expected) > -2.5
    assert heard.sum() >= 2
    np.testing.assert_allclose(got[heard], np.array(expected)[heard], atol=2e-3)


def test_a_click_is_heard_at_its_time() -> None:
    sound = np.zeros(16_000, np.float32)
    sound[8000] = 1.0
    loud = np.flatnonzero(mel_columns(sound).max(axis=0) > SILENCE)
    assert loud.tolist() == [39, 40, 41]  # 800 samples wide about columns of 200, and 0 at the window's very edge


def test_values_stay_in_their_range_and_short_sound_does_not_fail() -> None:
    noise = np.random.default_rng(0).normal(size=4000).astype(np.float32) * 30
    assert mel_columns(noise).max() == 4.0
    assert mel_columns(np.ones(3, np.float32)).shape[0] == 80


def test_a_part_cut_at_a_column_gives_the_same_columns_as_the_whole() -> None:
    sound = np.random.default_rng(1).normal(size=48_000).astype(np.float32) * 0.1
    whole, part = mel_columns(sound), mel_columns(sound[16_000:40_000])
    np.testing.assert_allclose(part[:, 3:-3], whole[:, 83 : 80 + part.shape[1] - 3], atol=2e-4)


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (Fraction(25), [0, 3, 6, 9, 12, 16, 19]),
        (Fraction(30_000, 1001), [0, 2, 5, 8, 10, 13, 16]),
        (Fraction(24_000, 1001), [0, 3, 6, 10, 13, 16, 20]),
        (Fraction(60), [0, 1, 2, 4, 5, 6, 8]),
    ],
)
def test_windows_begin_at_the_frames_own_time(rate: Fraction, expected: list[int]) -> None:
    assert [first_column(index / rate) for index in range(7)] == expected


@given(st.integers(0, 10**6), st.sampled_from([Fraction(25), Fraction(24_000, 1001), Fraction(60_000, 1001)]))
def test_the_window_begins_less_than_a_column_before_the_frame(index: int, rate: Fraction) -> None:
    assert 0 <= index / rate - Fraction(first_column(index / rate), 80) < Fraction(1, 80)


def test_windows_past_the_end_are_the_last_one() -> None:
    columns = np.arange(100, dtype=np.float32)[None].repeat(MELS, 0)
    got = windows(columns, [0, 84, 85, 400])
    assert got.shape == (4, MELS, COLUMNS)
    assert got[:, 0, 0].tolist() == [0, 84, 84, 84]
    assert got[:, 0, -1].tolist() == [15, 99, 99, 99]
    short = windows(np.zeros((MELS, 3), np.float32), [0])
    assert short[0, 0].tolist() == [0, 0, 0, *[SILENCE] * 13]
