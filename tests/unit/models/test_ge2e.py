"""The GE2E network has the published shape, and its front end cuts speech as it was trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from avsynth.models.ge2e import Ge2e, mel_frames, partial_utterances, raise_level


def test_the_shapes_are_the_published_ones():
    shapes = {name: tuple(value.shape) for name, value in Ge2e().state_dict().items()}
    assert shapes["lstm.weight_ih_l0"] == (1024, 40)
    assert shapes["lstm.weight_hh_l2"] == (1024, 256)
    assert shapes["linear.weight"] == (256, 256)
    assert len(shapes) == 14
    assert sum(value.numel() for value in Ge2e().parameters()) == 1_423_616


def test_vectors_are_unit_and_not_negative():
    torch.manual_seed(0)
    vectors = Ge2e(32)(torch.rand(5, 160, 40))
    assert vectors.shape == (5, 32)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(5))
    assert (vectors >= 0).all()


def test_a_vector_does_not_depend_on_the_batch():
    torch.manual_seed(0)
    network, mels = Ge2e(32), torch.rand(3, 160, 40)
    assert torch.allclose(network(mels)[1], network(mels[1:2])[0], atol=1e-6)


@pytest.mark.parametrize(
    ("frames", "starts"),
    [(20, [0]), (160, [0]), (196, [0]), (197, [0, 77]), (237, [0, 77]), (280, [0, 77, 154])],
)
def test_where_partial_utterances_begin(frames, starts):
    mels = np.repeat(np.arange(1, frames + 1, dtype=np.float32)[:, None], 40, axis=1)
    parts = partial_utterances(mels)
    assert [int(part[0, 0]) - 1 for part in parts] == starts
    assert parts.shape[1:] == (160, 40)
    last = frames - starts[-1]
    assert (parts[-1, last:] == 0).all()


def test_mels_come_every_ten_milliseconds_and_see_a_tone_in_its_band():
    tone = np.sin(2 * np.pi * 1000 * np.arange(32_000) / 16_000).astype(np.float32)
    mels = mel_frames(tone)
    assert mels.shape == (201, 40)
    low, high = (
        mel_frames(np.sin(2 * np.pi * hz * np.arange(32_000) / 16_000).astype(np.float32)) for hz in (300, 5000)
    )
    assert low[100].argmax() < mels[100].argmax() < high[100].argmax()


def test_short_speech_is_filled_up_to_one_partial():
    assert len(mel_frames(np.ones(4000, np.float32))) == 161


def test_quiet_speech_is_raised_and_loud_speech_is_not():
    noise = np.random.default_rng(0).normal(0, 1, 16_000).astype(np.float32)
    assert 20 * np.log10(raise_level(noise * np.float32(1e-3)).std()) == pytest.approx(-30, abs=0.1)
    assert (raise_level(noise) == noise).all()
    assert (raise_level(np.zeros(100, np.float32)) == 0).all()
