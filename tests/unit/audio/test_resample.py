"""Resampling gives the exact length and moves nothing."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.span import ceil_fraction

RATES = st.sampled_from([8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000])


@settings(max_examples=60, deadline=None)
@given(old=RATES, new=RATES, length=st.integers(0, 3000), channels=st.integers(1, 3))
def test_length_is_exact(old, new, length, channels):
    out = resample(Waveform(np.ones((channels, length), np.float32), old), new)
    assert out.sample_rate == new
    assert out.samples.shape == (channels, ceil_fraction(Fraction(length * new, old)))


@pytest.mark.parametrize(("old", "new"), [(44_100, 48_000), (48_000, 16_000), (16_000, 48_000), (22_050, 44_100)])
def test_a_tone_keeps_pitch_level_and_phase(old, new):
    tone = np.sin(2 * np.pi * 1000 * np.arange(old) / old)[None].astype(np.float32)
    out = resample(Waveform(tone, old), new).samples[0]
    expected = np.sin(2 * np.pi * 1000 * np.arange(new) / new)
    middle = slice(new // 10, -new // 10)
    np.testing.assert_allclose(out[middle], expected[middle], atol=1e-4)


def test_what_the_new_rate_cannot_hold_is_gone():
    tone = np.sin(2 * np.pi * 12_000 * np.arange(48_000) / 48_000)[None].astype(np.float32)
    out = resample(Waveform(tone, 48_000), 16_000).samples[0]
    assert np.abs(out[1000:-1000]).max() < 1e-4


def test_same_rate_is_the_same_sound():
    waveform = Waveform(np.ones((1, 10), np.float32), 48_000)
    assert resample(waveform, 48_000) is waveform


def test_no_rate():
    with pytest.raises(InputError, match="positive"):
        resample(Waveform(np.ones((1, 10), np.float32), 48_000), 0)
