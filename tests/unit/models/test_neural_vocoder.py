"""The source of the vocoder has the wanted pitch, and its filters are what the network says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from avsynth.models.neural_vocoder import NeuralVocoder, pulse_train
from avsynth.models.voice_mel import HOP, MELS, RATE, istft, log_mel, stft


@pytest.mark.parametrize("hertz", [80.0, 150.0, 400.0])
def test_pulses_have_their_pitch_and_equally_loud_harmonics(hertz: float) -> None:
    pulses = pulse_train(torch.full((1, 101), hertz), length=RATE)
    spectrum = torch.fft.rfft(pulses[0]).abs().numpy()  # one bin a hertz
    harmonics = spectrum[int(hertz) : RATE // 2 - 50 : int(hertz)]
    assert harmonics.max() / harmonics.min() < 1.1
    assert spectrum[int(hertz * 1.5) :: int(hertz)].max() < 0.02 * harmonics.min()
    assert float(pulses.std()) == pytest.approx(1.0, rel=0.05)


def test_a_glide_has_the_pitch_of_each_moment() -> None:
    f0 = torch.linspace(100, 200, 101)[None]
    pulses = pulse_train(f0, length=RATE)[0]
    for second, expected in ((0.25, 125), (0.75, 175)):
        part = pulses[int((second - 0.04) * RATE) : int((second + 0.04) * RATE)] * torch.hann_window(1280)
        padded = torch.fft.rfft(part, RATE).abs()  # one bin a hertz
        assert int(padded[60:260].argmax()) + 60 == pytest.approx(expected, abs=4)


def test_the_spectrum_can_be_undone() -> None:
    samples = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 4800)).astype(np.float32))
    assert torch.allclose(istft(stft(samples), length=4800), samples, atol=1e-4)
    assert log_mel(samples).shape == (2, MELS, 4800 // HOP + 1)


def test_the_same_noise_gives_the_same_speech() -> None:
    torch.manual_seed(0)
    network = NeuralVocoder(16, 1).eval()
    mel, f0, voiced = torch.randn(1, MELS, 21), torch.full((1, 21), 120.0), torch.ones(1, 21)
    noise = torch.randn(1, 20 * HOP)
    with torch.no_grad():
        first, again = (network(mel, f0_hz=f0, voiced=voiced, noise=noise) for _ in range(2))
        other = network(mel, f0_hz=f0, voiced=voiced, noise=noise.flip(1))
    assert first.shape == (1, 20 * HOP)
    assert torch.equal(first, again)
    assert not torch.allclose(first, other, atol=1e-4)


def test_without_pulses_or_noise_there_is_only_the_other() -> None:
    network = NeuralVocoder(16, 1).eval()
    with torch.no_grad():
        for head in (network.pulses, network.turn, network.noise):
            head.weight.zero_()
            head.bias.zero_()
        network.noise.bias.fill_(-20.0)  # cut off at what is inaudible
        mel, f0 = torch.zeros(1, MELS, 101), torch.full((1, 101), 100.0)
        made = network(mel, f0_hz=f0, voiced=torch.ones(1, 101), noise=torch.randn(1, 16_000))
    wanted = pulse_train(f0, length=16_000)
    inside = slice(640, -640)
    assert torch.allclose(made[0, inside], wanted[0, inside], atol=1e-3)
