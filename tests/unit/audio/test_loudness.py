"""Loudness is what ITU-R BS.1770 says, and matching it never clips."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avsynth.audio.loudness import integrated_loudness, limit_peaks, match_loudness, true_peak_db
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform

RATE = 48_000


def tone(seconds=3.0, *, level_db=0.0, channels=1, hz=997.0) -> Waveform:
    time = np.arange(int(seconds * RATE)) / RATE
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * time)
    return Waveform(np.tile(wave, (channels, 1)).astype(np.float32), RATE)


def speechlike(seed: int, seconds=2.0, crest=8.0) -> Waveform:
    random = np.random.default_rng(seed)
    wave = random.normal(0, 0.05, int(seconds * RATE))
    wave[random.integers(0, wave.size, 20)] *= crest
    return Waveform(wave[None].astype(np.float32), RATE)


@pytest.mark.parametrize(
    ("waveform", "lufs"),
    [
        (tone(), -3.01),  # the standard's own example
        (tone(level_db=-20), -23.01),
        (tone(channels=2), 0.0),  # two channels add up
        (tone(0.2), -3.01),  # shorter than a block
    ],
)
def test_known_tones(waveform, lufs):
    assert integrated_loudness(waveform) == pytest.approx(lufs, abs=0.05)


def test_silence_is_gated_out():
    """4 s are 37 whole blocks of 0.4 s and three that reach into the silence by a quarter, a half, three quarters."""
    loud = tone(4.0, level_db=-20)
    gap = Waveform(np.concatenate([loud.samples, np.zeros((1, 8 * RATE), np.float32)], axis=1), RATE)
    assert integrated_loudness(gap) == pytest.approx(-23.01 + 10 * math.log10(38.5 / 40), abs=0.01)


@pytest.mark.parametrize("samples", [np.zeros((2, RATE)), np.zeros((1, 0)), np.zeros((1, 5)), np.full((1, RATE), 1e-7)])
def test_silence_has_no_loudness(samples):
    waveform = Waveform(samples.astype(np.float32), RATE)
    assert integrated_loudness(waveform) == -math.inf
    assert match_loudness(waveform, to_lufs=-23) is waveform


def test_the_low_frequency_channel_of_surround_does_not_count():
    surround = np.zeros((6, 3 * RATE), np.float32)
    surround[2] = tone().samples[0]
    quiet = integrated_loudness(Waveform(surround, RATE))
    surround[3] = tone(hz=60).samples[0]
    assert integrated_loudness(Waveform(surround, RATE)) == quiet == pytest.approx(-3.01, abs=0.05)
    surround[4] = tone().samples[0]  # a surround channel counts 1.41 times
    assert integrated_loudness(Waveform(surround, RATE)) == pytest.approx(-3.01 + 10 * math.log10(2.41), abs=0.05)


def test_too_many_channels():
    with pytest.raises(InputError, match="1 to 6 channels"):
        integrated_loudness(Waveform(np.ones((8, RATE), np.float32), RATE))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), to_lufs=st.floats(-40, -22))
def test_matching_hits_the_loudness(seed, to_lufs):
    matched = match_loudness(speechlike(seed, crest=2.0), to_lufs=to_lufs)
    assert integrated_loudness(matched) == pytest.approx(to_lufs, abs=0.05)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), to_lufs=st.floats(-15, 0))
def test_matching_never_passes_the_ceiling(seed, to_lufs):
    matched = match_loudness(speechlike(seed), to_lufs=to_lufs, ceiling_db=-1.0)
    assert true_peak_db(matched) <= -0.999
    assert integrated_loudness(matched) <= to_lufs + 0.05


def test_true_peak_sees_between_samples():
    """A sine of a quarter of the rate, sampled at 45 degrees, peaks 3 dB above its samples."""
    wave = np.sin(2 * np.pi * (np.arange(RATE) / 4 + 0.125)) * np.hanning(RATE)
    waveform = Waveform(wave[None].astype(np.float32), RATE)
    assert 20 * np.log10(np.abs(wave).max()) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_db(waveform) == pytest.approx(0.0, abs=0.1)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_limiting_touches_only_the_peaks(seed):
    waveform = speechlike(seed, crest=40.0)
    limited = limit_peaks(waveform, ceiling_db=-6.0)
    assert np.abs(limited.samples).max() <= 10 ** (-6 / 20) + 1e-6
    assert true_peak_db(limited) <= -5.9
    changed = np.flatnonzero((limited.samples != waveform.samples)[0])
    over = np.flatnonzero(np.abs(waveform.samples[0]) > 0.45)
    assert changed.size < 0.5 * waveform.samples.size
    assert all(np.abs(over - position).min() <= RATE // 50 for position in changed[::50])


def test_what_is_below_the_ceiling_is_not_limited():
    waveform = tone(level_db=-3)
    assert limit_peaks(waveform, ceiling_db=-1.0) is waveform
