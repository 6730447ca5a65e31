"""Stretching changes the length to the sample, and neither pitch nor loudness."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avsynth.audio.stretch import stretch
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform

RATE = 16_000
FACTORS = [Fraction(1, 2), Fraction(4, 5), Fraction(19, 20), Fraction(5, 4), Fraction(2)]


def buzz(seconds: float = 1.5, hz: float = 120.0) -> np.ndarray:
    """A pulse train through a resonance: voiced speech at its simplest."""
    pulses = (np.diff(np.floor(np.arange(int(seconds * RATE) + 1) * hz / RATE)) > 0).astype(float)
    ring = np.exp(-np.arange(200) / 30) * np.cos(2 * np.pi * 700 * np.arange(200) / RATE)
    return (0.3 * np.convolve(pulses, ring)[: pulses.size]).astype(np.float32)


def period(samples: np.ndarray, near: float) -> tuple[float, float]:
    """Samples after which the sound is most like itself, within a fifth of ``near``; and how like, at most 1."""
    middle = samples[samples.size // 4 : -samples.size // 4].astype(float)
    lags = np.arange(int(near * 0.8), int(near * 1.2) + 1)
    likeness = [np.corrcoef(middle[:-lag], middle[lag:])[0, 1] for lag in lags]
    best = int(np.argmax(likeness))
    return float(lags[best]), float(likeness[best])


@settings(max_examples=40, deadline=None)
@given(length=st.integers(2_000, 6_000), wanted=st.integers(1_500, 8_000), channels=st.integers(1, 2))
def test_length_is_exact(length, wanted, channels):
    sound = Waveform(np.random.default_rng(length).normal(0, 0.1, (channels, length)).astype(np.float32), RATE)
    assert stretch(sound, Fraction(wanted, length)).samples.shape == (channels, wanted)


@pytest.mark.parametrize("factor", FACTORS, ids=str)
@pytest.mark.parametrize("hz", [95.0, 120.0, 230.0])
def test_pitch_and_level_stay(factor, hz):
    voice = buzz(hz=hz)
    out = stretch(Waveform(voice[None], RATE), factor).samples[0]
    lag, likeness = period(out, RATE / hz)
    assert lag == pytest.approx(RATE / hz, abs=1)
    assert likeness > 0.8
    assert np.sqrt((out**2).mean()) == pytest.approx(np.sqrt((voice**2).mean()), rel=0.05)


@pytest.mark.parametrize("factor", FACTORS, ids=str)
def test_pulses_stay_sharp(factor):
    """A phase vocoder smears them: the ratio of peak to mean falls by a third."""
    voice = buzz()
    out = stretch(Waveform(voice[None], RATE), factor).samples[0]

    def crest(x: np.ndarray) -> float:
        return float(np.abs(x).max() / np.sqrt((x**2).mean()))

    assert crest(out) == pytest.approx(crest(voice), rel=0.12)


@pytest.mark.parametrize("factor", FACTORS, ids=str)
def test_events_move_to_their_place(factor):
    """A burst in the middle third is found in the middle third."""
    sound = np.random.default_rng(0).normal(0, 0.001, 2 * RATE).astype(np.float32)
    burst = slice(int(0.8 * RATE), int(1.2 * RATE))
    sound[burst] += np.random.default_rng(1).normal(0, 0.2, burst.stop - burst.start).astype(np.float32)
    out = stretch(Waveform(sound[None], RATE), factor).samples[0]
    loud = np.flatnonzero(np.convolve(out**2, np.ones(160) / 160, "same") > 0.01)
    assert loud[0] / RATE == pytest.approx(0.8 * factor, abs=0.03)
    assert loud[-1] / RATE == pytest.approx(1.2 * factor, abs=0.03)


def test_channels_move_together():
    voice = buzz()
    out = stretch(Waveform(np.stack([voice, -voice / 2 + 0]), RATE), Fraction(4, 5)).samples
    np.testing.assert_allclose(out[1], -out[0] / 2, atol=1e-6)


def test_factor_one_and_silence():
    voice = Waveform(buzz()[None], RATE)
    assert stretch(voice, Fraction(1)) is voice
    assert not stretch(Waveform(np.zeros((1, RATE), np.float32), RATE), Fraction(3, 2)).samples.any()


def test_what_cannot_be_stretched():
    voice = Waveform(buzz()[None], RATE)
    with pytest.raises(InputError, match="1/4 to 4"):
        stretch(voice, Fraction(5))
    with pytest.raises(InputError, match="too short"):
        stretch(Waveform(np.ones((1, 100), np.float32), RATE), Fraction(1, 2))
