"""The ear as it is trained: the same convolutions with batch normalization and dropout, and how to fold them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from avsynth.models.ear import CLASSES, LAYERS, MELS, Array, level


class EarNetwork(nn.Module):
    """Log mel energies ``(B, MELS, T)`` to logits of the classes ``(B, C, T)``.

    Args:
        width: Channels of every layer, H.
        dropout: Share of activations dropped in training.
    """

    def __init__(self, width: int = 80, *, dropout: float = 0.1) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = MELS
        for size, dilation in LAYERS:
            convolution = nn.Conv1d(channels, width, size, dilation=dilation, padding=size // 2 * dilation)
            layers += [convolution, nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(dropout)]
            channels = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Conv1d(width, len(CLASSES), 1)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Logits of every frame."""
        logits: torch.Tensor = self.head(self.body(mel))
        return logits


def folded(network: EarNetwork) -> dict[str, Array]:
    """The tensors that ``ear.Ear.of`` takes, with the normalization folded into the convolutions."""
    state: dict[str, Array] = {}
    with torch.no_grad():
        for i in range(len(LAYERS)):
            convolution, norm = network.body[4 * i], network.body[4 * i + 1]
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            weight = convolution.weight * scale[:, None, None]  # (out, in, size)
            bias = (convolution.bias - norm.running_mean) * scale + norm.bias
            flat = weight.permute(2, 1, 0).reshape(-1, weight.shape[0])
            state[f"ear.{i}.weight"] = flat.contiguous().numpy().copy()
            state[f"ear.{i}.bias"] = bias.numpy().copy()
        state["ear.head.weight"] = network.head.weight[:, :, 0].T.contiguous().numpy().copy()
        state["ear.head.bias"] = network.head.bias.numpy().copy()
    return state


def disguised(mel: Array, *, chance: np.random.Generator) -> Array:
    """Log mel energies ``(T, MELS)`` as another throat, microphone and room would give them.

    The mel axis is stretched (length of the vocal tract), tilted (equalizer), and noise is added.
    """
    stretch = 1 + chance.uniform(-0.12, 0.12)
    at = np.clip(np.arange(MELS) * stretch + chance.uniform(-0.5, 0.5), 0, MELS - 1)
    first = np.minimum(at.astype(int), MELS - 2)
    share = (at - first).astype(np.float32)
    moved = mel[:, first] * (1 - share) + mel[:, first + 1] * share
    moved = moved + _curve(chance, 5, 0.8)
    if chance.random() < 0.6:
        noise = chance.uniform(-9, -3) + _curve(chance, 4, 1.0) + chance.normal(0, 0.5, moved.shape)
        moved = np.logaddexp(moved, noise)
    speech = moved[level(moved)]
    return np.asarray((moved - speech.mean(axis=0)) / max(float(speech.std()), 1e-3), np.float32)


def _curve(chance: np.random.Generator, knots: int, deviation: float) -> NDArray[np.float64]:
    return np.interp(np.arange(MELS), np.linspace(0, MELS - 1, knots), chance.normal(0, deviation, knots))
