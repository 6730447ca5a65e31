"""MFCC as their definition gives them; the numbers of the last test were printed by python_speech_features 0.6."""

from __future__ import annotations

import numpy as np
import pytest

from avsynth.models.syncnet_mfcc import mel_triangles, mfcc


@pytest.mark.parametrize(
    ("samples", "frames"), [(1, 1), (400, 1), (401, 2), (560, 2), (561, 3), (16_000, 99), (640 * 25, 99)]
)
def test_the_number_of_frames(samples: int, frames: int) -> None:
    assert mfcc(np.zeros(samples, np.float32)).shape == (13, frames)


def test_silence_has_no_logarithm_of_zero() -> None:
    """Every band holds the smallest step, so only the transform's constant is left, which the energy replaces."""
    got = mfcc(np.zeros(800, np.float32))
    assert got[0] == pytest.approx(np.log(np.finfo(float).eps))
    np.testing.assert_allclose(got[1:], 0, atol=1e-5)


def test_the_first_coefficient_is_the_energy() -> None:
    """By Parseval the energy of a frame is the sum of its squares, but half the inner bins were thrown away."""
    rng = np.random.default_rng(0)
    sound = (rng.normal(size=400) * 0.1).astype(np.float32)
    values = np.rint(sound.astype(float) * 32_768)
    emphasized = np.append(values[0], values[1:] - 0.97 * values[:-1])
    spectrum = np.fft.fft(emphasized, 512)
    energy = (np.abs(spectrum[:257]) ** 2).sum() / 512
    assert energy > 0.5 * (emphasized**2).sum()
    assert mfcc(sound)[0, 0] == pytest.approx(np.log(energy), rel=1e-6)


def test_the_cosine_transform_is_orthonormal_and_lifted() -> None:
    """Each coefficient is the sum it is defined as, over the logarithms of the bands."""
    sound = (np.random.default_rng(1).normal(size=400) * 0.1).astype(np.float32)
    values = np.rint(sound.astype(float) * 32_768)
    emphasized = np.append(values[0], values[1:] - 0.97 * values[:-1])
    bands = np.log(mel_triangles() @ (np.abs(np.fft.rfft(emphasized, 512)) ** 2 / 512))
    got = mfcc(sound)[:, 0]
    for k in range(1, 13):
        cosines = np.cos(np.pi * k * (2 * np.arange(26) + 1) / 52)
        lift = 1 + 11 * np.sin(np.pi * k / 22)
        assert got[k] == pytest.approx(np.sqrt(2 / 26) * float(bands @ cosines) * lift, abs=1e-4)


def test_triangles_meet_at_whole_bins() -> None:
    bank = mel_triangles()
    assert bank.shape == (26, 257)
    assert bank.max() == 1
    assert (bank >= 0).all()
    peaks = bank.argmax(axis=1)
    assert (np.diff(peaks) > 0).all()
    assert (np.flatnonzero(bank[5])[[0, -1]] == [peaks[4] + 1, peaks[6] - 1]).all()  # from neighbor to neighbor
    np.testing.assert_allclose(bank[:, peaks[0] : peaks[-1]].sum(axis=0), 1)


def test_a_tone_gives_what_the_library_gave() -> None:
    tone = (0.5 * np.sin(np.arange(8000) * 2 * np.pi * 440 / 16_000)).astype(np.float32)
    expected = [20.49963587, 19.50812127, 2.64301408, -13.18250719, -26.17027297]
    np.testing.assert_allclose(mfcc(tone)[:5, 10], expected, atol=2e-4)
