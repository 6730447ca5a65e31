"""Cepstra tell how a spectrum is shaped, and not through which room or how long a throat it came."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis.strategies import floats
from librosa import mel_frequencies

from avsynth.models.voice_cepstra import CEPSTRA, cepstra_of
from avsynth.models.voice_mel import MELS, RATE

FRAMES = 120


def vowels(*, longer: float = 1.0) -> torch.Tensor:
    """Mels of one formant that wanders between 500 and 1500 Hz, all of it ``longer`` times lower."""
    hz = mel_frequencies(n_mels=MELS + 2, fmin=0, fmax=RATE / 2)[1:-1, None] * longer
    formant = 1000 + 500 * np.sin(np.arange(FRAMES) / 100 * 2 * np.pi * 2)
    shape = np.log(1e-3 + np.exp(-(((hz - formant) / 300) ** 2) / 2))
    return torch.from_numpy(shape[None].astype(np.float32))


def alike(first: torch.Tensor, second: torch.Tensor) -> float:
    return float(torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1])


@settings(max_examples=20, deadline=None)
@given(slope=floats(-2, 2), gain=floats(-3, 3))
def test_a_room_is_not_heard(slope: float, gain: float) -> None:
    mel = vowels()
    room = gain + slope * torch.linspace(-1, 1, MELS)[None, :, None]
    # Every frame stays as loud against the others as it was, so that the same ones count.
    level = torch.logsumexp(2 * mel, dim=1, keepdim=True) / 2
    same = mel + room
    same = same + level - torch.logsumexp(2 * same, dim=1, keepdim=True) / 2
    assert torch.allclose(cepstra_of(same), cepstra_of(mel), atol=2e-3)


@pytest.mark.parametrize("longer", [0.85, 1.2])
def test_a_warp_is_another_throat(longer: float) -> None:
    """Read ``1 / longer`` as high, a throat that is longer sounds as the first."""
    plain, other = vowels(), vowels(longer=longer)
    warp = torch.tensor([1 / longer])
    assert alike(cepstra_of(other, warp=warp), cepstra_of(plain)) > 0.9
    assert alike(cepstra_of(other, warp=warp), cepstra_of(plain)) > alike(cepstra_of(other), cepstra_of(plain)) + 0.05


def test_what_only_fills_up_does_not_count() -> None:
    mel = vowels()
    filled = torch.cat([mel, torch.full((1, MELS, 40), 5.0)], dim=2)
    there = torch.arange(filled.shape[2])[None] < mel.shape[2]
    assert torch.allclose(cepstra_of(filled, there=there)[..., : mel.shape[2]], cepstra_of(mel), atol=1e-5)


def test_silence_does_not_count() -> None:
    mel = vowels()
    silence = torch.randn(1, MELS, 60) - 11
    found = cepstra_of(torch.cat([silence, mel], dim=2))
    assert found.shape == (1, CEPSTRA, 60 + mel.shape[2])
    assert torch.allclose(found[..., 60:], cepstra_of(mel), atol=1e-5)
    assert float(found.abs().max()) <= 4
