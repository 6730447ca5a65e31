"""The phoneme network: which of 64 speech sounds is heard in every 10 ms, in several languages, whoever speaks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from avsynth.models.phonemes import PHONES
from avsynth.models.voice_mel import MELS

DILATIONS = (1, 2, 4, 8, 1, 2, 4, 8)
_KERNEL = 5
_LOUD = 0.35  # how far from the quietest to the loudest, in log units, speech begins


class PhonemeNet(nn.Module):
    """Residual gated convolutions over log mels; they hear 600 ms to either side.

    Args:
        width: Channels.
        dropout: Share of channels dropped in training.
    """

    def __init__(self, width: int = 160, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.enter = nn.Conv1d(MELS, width, 5, padding=2)
        self.blocks = nn.ModuleList(_Block(width, dilation, dropout=dropout) for dilation in DILATIONS)
        self.head = nn.Conv1d(width, len(PHONES), 1)

    def forward(self, mel: Tensor) -> Tensor:
        """Logits of every frame.

        Args:
            mel: ``(B, MELS, T)``, as ``leveled`` gives it.

        Returns:
            ``(B, P, T)``.
        """
        hidden = self.enter(mel)
        for block in self.blocks:
            hidden = block(hidden)
        logits: Tensor = self.head(torch.relu(hidden))
        return logits


class _Block(nn.Module):
    def __init__(self, width: int, dilation: int, *, dropout: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.conv = nn.Conv1d(width, 2 * width, _KERNEL, dilation=dilation, padding=_KERNEL // 2 * dilation)
        self.drop = nn.Dropout1d(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        value, gate = self.conv(torch.relu(self.norm(hidden))).chunk(2, dim=1)
        found: Tensor = hidden + self.drop(value * torch.sigmoid(gate))
        return found


def loud(mel: Tensor) -> Tensor:
    """Which frames of log mels ``(..., MELS, T)`` are loud enough to be speech, ``(..., T)`` bool."""
    level = torch.logsumexp(mel, dim=-2)
    low, high = torch.quantile(level, torch.tensor([0.05, 0.95], device=mel.device), dim=-1)[..., None]
    return level >= low + _LOUD * (high - low)


def leveled(mel: Tensor) -> Tensor:
    """Log mels ``(..., MELS, T)`` of recordings without what room, microphone and gain did to them.

    Example:
        >>> leveled(torch.zeros(MELS, 20)).abs().max()
        tensor(0.)
        >>> two = torch.randn(2, MELS, 20)
        >>> torch.allclose(leveled(two)[1], leveled(two[1]), atol=1e-5)
        True
    """
    share = loud(mel)[..., None, :].to(mel.dtype)
    count = share.sum(dim=-1, keepdim=True)
    mean = (mel * share).sum(dim=-1, keepdim=True) / count
    spread = ((mel - mean.mean(dim=-2, keepdim=True)).square() * share).mean(dim=-2, keepdim=True)
    variance = spread.sum(dim=-1, keepdim=True) / count
    return (mel - mean) / variance.clamp_min(1e-4).sqrt()
