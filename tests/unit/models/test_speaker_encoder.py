"""The two encoders do not hear what is no part of a voice, and a cloner can be trained through the coach."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from avsynth.models.hub import load_into
from avsynth.models.speaker_encoder import DIMENSION, SAMPLE_RATE, Coach, Judge, embed, leveled, stretches
from avsynth.models.voice_mel import log_mel

CARDS = {Coach: "speaker_encoder/coach", Judge: "speaker_encoder/judge"}


@pytest.fixture(scope="module", params=[Coach, Judge])
def network(request: pytest.FixtureRequest) -> Coach | Judge:
    made = request.param()
    load_into(made, card=CARDS[request.param])
    return made


@pytest.fixture(scope="module")
def vowels() -> np.ndarray:
    """3 s of a voice of 120 Hz whose formants move."""
    time = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    formant = 600 + 300 * np.sin(2 * np.pi * 2 * time)
    voice = sum(np.sin(2 * np.pi * 120 * k * time) * np.exp(-(((120 * k - formant) / 400) ** 2)) for k in range(1, 40))
    return (0.1 * voice + 0.001 * np.random.default_rng(0).standard_normal(len(time))).astype(np.float32)


def test_a_vector_is_of_length_one_and_exact_to_repeat(network: Coach | Judge, vowels: np.ndarray) -> None:
    vector = embed(network, vowels)
    assert vector.shape == (DIMENSION,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert (vector == embed(network, vowels)).all()


def test_loudness_is_no_part_of_a_voice(network: Coach | Judge, vowels: np.ndarray) -> None:
    assert embed(network, vowels * 4) @ embed(network, vowels) > 0.98


def test_neighbors_in_a_batch_do_not_matter(network: Coach | Judge, vowels: np.ndarray) -> None:
    features = network.features(torch.from_numpy(np.stack([vowels[:24_000], vowels[-24_000:]])))
    with torch.no_grad():
        together = network(features)
        assert torch.allclose(together[:1], network(features[:1]), atol=1e-5)
    assert not torch.allclose(together[0], together[1], atol=1e-3)


def test_a_spectrogram_can_be_drawn_to_another_voice(vowels: np.ndarray) -> None:
    coach = Coach()
    load_into(coach, card=CARDS[Coach])
    higher = np.interp(np.arange(0, len(vowels) - 1, 1.3), np.arange(len(vowels)), vowels).astype(np.float32)
    target = torch.from_numpy(embed(coach, higher))
    mels = log_mel(torch.from_numpy(vowels[None, :20_800])).requires_grad_()  # 1.3 s
    likeness = [float((coach(mels)[0] @ target).detach())]
    for _ in range(5):
        (gradient,) = torch.autograd.grad(-(coach(mels)[0] @ target), mels)
        mels = (mels - 0.5 * gradient / gradient.abs().amax()).detach().requires_grad_()
        likeness.append(float((coach(mels)[0] @ target).detach()))
    assert likeness[-1] > likeness[0] + 0.1


def test_the_coach_is_small() -> None:
    assert sum(weight.numel() for weight in Coach().parameters()) < 1_500_000


def test_the_level_is_that_of_speech_and_not_of_its_pauses() -> None:
    speech = torch.randn(1, 80, 100, generator=torch.Generator().manual_seed(1))
    paused = torch.cat([speech, torch.full((1, 80, 400), -11.5)], dim=2)
    assert torch.allclose(leveled(speech[:, :, :1] - 3), leveled(speech[:, :, :1]), atol=1e-5)
    found = leveled(paused)
    assert found[:, :, 100:].unique().tolist() == [-5.0]
    assert found[:, :, :100].mean().abs() < 0.2  # all the speech is louder than the mean with the pauses


@pytest.mark.parametrize("seconds", [0.5, 1.6, 1.7, 10.0])
def test_stretches_cover_all_of_a_recording(seconds: float) -> None:
    sound = np.arange(round(seconds * SAMPLE_RATE), dtype=np.float32)
    parts = stretches(sound)
    assert parts.shape[1] == min(len(sound), 25_600)
    assert (parts[0, 0], parts[-1, -1]) == (0, len(sound) - 1)
    assert (np.diff(parts[:, 0]) <= 12_800).all()
