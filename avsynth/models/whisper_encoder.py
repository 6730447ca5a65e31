"""The encoder of Whisper: what is said in sound, in a hundred languages; to train through, never in use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from librosa.filters import mel as mel_filters
from torch import Tensor, nn

from avsynth.core.errors import ModelError
from avsynth.models.ctranslate2_file import read_arrays
from avsynth.models.neural_vocoder import NeuralVocoder
from avsynth.models.voice_converter import melody_of

RATE = 16_000
DEPTH = 4
_MELS = 80
_WINDOW, _HOP = 400, 160
_POSITIONS = 1500
_HEAD = 64  # channels of a head
_RANGE = 8.0  # of the logarithm, below the loudest


class WhisperEncoder(nn.Module):
    """Two convolutions and the first transformer layers.

    Args:
        width: Channels, D, a multiple of 64; 512 in the model called base.
        depth: Layers. Of the six of base, the first four tell best what became of words in another voice: two windows
            of the same speech are nearer to each other in them, and speech that was torn is farther.

    Source:
        Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022, arXiv:2212.04356).
    """

    def __init__(self, width: int = 512, depth: int = DEPTH) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(_MELS, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, padding=1, stride=2)
        self.positions = nn.Parameter(torch.zeros(_POSITIONS, width))
        self.layers = nn.ModuleList(_Layer(width) for _ in range(depth))

    def forward(self, samples: Tensor) -> Tensor:
        """What is heard in ``(B, N)`` samples at 16 kHz, at most 30 s: ``(B, T, D)``, every 20 ms, of variance 1."""
        hidden = nn.functional.gelu(self.conv1(log_mel(samples)))
        hidden = nn.functional.gelu(self.conv2(hidden)).transpose(1, 2)
        hidden = hidden + self.positions[: hidden.shape[1]]
        for layer in self.layers:
            hidden = layer(hidden)
        return nn.functional.layer_norm(hidden, hidden.shape[-1:])


class _Layer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask, self.take = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        parts = self.ask(self.before(hidden)).unflatten(2, (3, -1, _HEAD)).permute(2, 0, 3, 1, 4)
        found = nn.functional.scaled_dot_product_attention(*parts)
        hidden = hidden + self.take(found.transpose(1, 2).flatten(2))
        more: Tensor = hidden + self.narrow(nn.functional.gelu(self.widen(self.between(hidden))))
        return more


class WhisperOfMel(nn.Module):
    """The encoder over the sound that the vocoder makes of mels.

    Args:
        encoder: With its weights.
        vocoder: With its weights.
    """

    def __init__(self, encoder: WhisperEncoder, *, vocoder: NeuralVocoder) -> None:
        super().__init__()
        self.encoder = encoder.eval().requires_grad_(False)
        self.vocoder = vocoder.eval().requires_grad_(False)

    def forward(self, mel: Tensor, content: Tensor) -> Tensor:
        """What is heard, ``(B, T / 2, D)``, in log mels ``(B, MELS, T)`` spoken as ``content (B, CONTENT, T)`` says."""
        f0_hz, voiced = melody_of(content)
        heard: Tensor = self.encoder(self.vocoder(mel, f0_hz=f0_hz, voiced=voiced))
        return heard


def log_mel(samples: Tensor) -> Tensor:
    """Whisper's log mels ``(B, 80, T)`` every 10 ms of ``(B, N)`` samples, between -1 and 1 about.

    Example:
        >>> log_mel(torch.zeros(1, 1600)).shape
        torch.Size([1, 80, 10])
    """
    window = torch.hann_window(_WINDOW, device=samples.device)
    spectrum = torch.stft(samples, _WINDOW, _HOP, window=window, return_complex=True)[..., :-1]
    filters = torch.from_numpy(mel_filters(sr=RATE, n_fft=_WINDOW, n_mels=_MELS)).to(samples.device)
    level = (filters @ spectrum.abs().square()).clamp_min(1e-10).log10()
    return (torch.maximum(level, level.amax(dim=(1, 2), keepdim=True) - _RANGE) + 4) / 4


def load_whisper(folder: Path) -> WhisperEncoder:
    """The encoder of a model that CTranslate2 reads, as `avsynth.metrics.words` has it.

    Args:
        folder: With its ``model.bin``, not quantized to 8 bits.

    Raises:
        ModelError: It is none, or quantized.
    """
    found = {
        _renamed(name): torch.from_numpy(np.array(values, dtype=np.float32))
        for name, values in read_arrays(folder / "model.bin").items()
        if name.startswith(_PREFIX)
    }
    if "conv1.bias" not in found or any(name.endswith("_scale") for name in found):
        raise ModelError(f"{folder} holds no Whisper model in 16 or 32 bits; convert one with --quantization float16")
    encoder = WhisperEncoder(len(found["conv1.bias"]))
    try:
        encoder.load_state_dict({name: found[name] for name in encoder.state_dict()})
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"{folder} holds no Whisper model of the known shape: {error}") from None
    return encoder


_PREFIX = "encoder/"
# CTranslate2's names, and what stands for them here; in this order.
_NAMES = {
    _PREFIX: "",
    "position_encodings/encodings": "positions",
    "self_attention/layer_norm": "before",
    "ffn/layer_norm": "between",
    "self_attention/linear_0": "ask",
    "self_attention/linear_1": "take",
    "ffn/linear_0": "widen",
    "ffn/linear_1": "narrow",
    "layer_": "layers/",
    "gamma": "weight",
    "beta": "bias",
    "/": ".",
}


def _renamed(name: str) -> str:
    for old, new in _NAMES.items():
        name = name.replace(old, new)
    return name
