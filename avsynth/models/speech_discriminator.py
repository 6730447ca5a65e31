"""Discriminators of speech: they look at its spectrogram in several resolutions, patch by patch."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

RESOLUTIONS: tuple[tuple[int, int], ...] = ((1024, 256), (512, 128), (256, 64))
"""Length of the window and hop, in samples."""
_STRIDES = ((2, 1), (2, 2), (2, 1), (2, 2), (1, 1))  # over frequency and time


class SpectrogramDiscriminator(nn.Module):
    """One network a resolution, over log magnitudes.

    Args:
        width: Channels of the first layer; the others have twice as many.

    Source:
        Jang et al., "UnivNet", 2021 (arXiv:2106.07889).
    """

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.parts = nn.ModuleList(_Patches(1, width) for _ in RESOLUTIONS)

    def forward(self, samples: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Scores, one tensor a resolution, and the features of every layer.

        Args:
            samples: ``(B, N)``.
        """
        scores: list[Tensor] = []
        features: list[Tensor] = []
        for part, (window, hop) in zip(self.parts, RESOLUTIONS, strict=True):
            score, found = part(log_spectrogram(samples, window=window, hop=hop)[:, None])
            scores.append(score)
            features += found
        return scores, features


class MelDiscriminator(nn.Module):
    """Patches of log mels, beside what is said in them and by whom.

    Args:
        conditions: Channels that each frame is judged beside.
        width: Channels of the first layer.
    """

    def __init__(self, conditions: int, width: int = 20) -> None:
        super().__init__()
        self.condition = nn.Conv1d(conditions, 80, 1)
        self.patches = _Patches(2, width)

    def forward(self, mel: Tensor, conditions: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Scores and features of ``mel (B, 80, T)`` beside ``conditions (B, C, T)``."""
        score, features = self.patches(torch.stack([mel, self.condition(conditions)], dim=1))
        return [score], features


class _Patches(nn.Module):
    """Strided convolutions over pictures ``(B, C, F, T)``."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        widths = (channels, width, *[2 * width] * 4)
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(into, out, (5, 3), stride=stride, padding=(2, 1)))
            for (into, out), stride in zip(itertools.pairwise(widths), _STRIDES, strict=True)
        )
        self.head = spectral_norm(nn.Conv2d(2 * width, 1, 3, padding=1))

    def forward(self, picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        features: list[Tensor] = []
        for layer in self.layers:
            picture = nn.functional.leaky_relu(layer(picture), 0.2)
            features.append(picture)
        return self.head(picture), features


def log_spectrogram(samples: Tensor, *, window: int, hop: int) -> Tensor:
    """Natural log of magnitudes ``(B, F, T)`` of ``(B, N)`` samples."""
    taper = torch.hann_window(window, device=samples.device)
    spectrum = torch.stft(samples, window, hop, window, taper, center=True, pad_mode="constant", return_complex=True)
    return torch.log(spectrum.abs().clamp_min(1e-3))


def spectral_distance(made: Tensor, true: Tensor, *, windows: Sequence[int] = (256, 512, 1024, 2048)) -> Tensor:
    """Distance of log magnitudes and of magnitudes of ``(B, N)`` samples, in several resolutions.

    Source:
        Yamamoto et al., "Parallel WaveGAN", 2020 (arXiv:1910.11480).

    Example:
        >>> noise = torch.randn(1, 4000)
        >>> float(spectral_distance(noise, noise))
        0.0
    """
    parts = []
    for window in windows:
        a, b = (log_spectrogram(x, window=window, hop=window // 4) for x in (made, true))
        loud_a, loud_b = torch.exp(a), torch.exp(b)
        parts.append((a - b).abs().mean() + torch.linalg.norm(loud_a - loud_b) / torch.linalg.norm(loud_b))
    return torch.stack(parts).mean()
