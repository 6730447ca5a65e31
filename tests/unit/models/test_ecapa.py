"""The ECAPA-TDNN network has the shape of the published VoxCeleb weights."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from avsynth.models.ecapa import Ecapa


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return Ecapa(16)


def speech(seconds, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * 16_000)).astype(np.float32)


def test_the_shapes_are_the_published_ones():
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in Ecapa().network.state_dict().items()}
    assert shapes["blocks.0.conv.conv.weight"] == (1024, 80, 5)
    assert shapes["mfa.conv.conv.weight"] == (3072, 3072, 1)
    assert shapes["asp.tdnn.conv.conv.weight"] == (128, 9216, 1)
    assert shapes["asp_bn.norm.weight"] == (6144,)
    assert shapes["fc.conv.weight"] == (192, 6144, 1)


def test_one_unit_vector_of_any_length_of_speech(small):
    for seconds in (0.6, 3.0):
        vector = small.embed(speech(seconds))
        assert vector.shape == (192,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_the_level_of_the_recording_does_not_matter(small):
    sound = speech(2.0)
    assert small.embed(sound) @ small.embed(sound * np.float32(0.3)) > 0.9999


def test_a_long_recording_is_taken_in_pieces(small):
    sound = np.tile(speech(5.0), 12)  # a minute: two pieces that are alike
    assert small.embed(sound) @ small.embed(sound[: 30 * 16_000]) > 0.999


def test_modules_can_be_walked_over_after_the_import():
    assert [name for name, module in list(sys.modules.items()) if not _has_file_or_none(module)] == []


def _has_file_or_none(module):
    try:
        getattr(module, "__file__", None)
    except ImportError:
        return False
    return True


def test_no_gradient_is_kept(small):
    assert not small.training
    assert isinstance(small.embed(speech(1.0)), np.ndarray)
