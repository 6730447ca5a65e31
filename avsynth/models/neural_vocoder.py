"""The neural vocoder: a pulse train of the wanted pitch and noise, filtered frame by frame as a network says."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from avsynth.models.voice_mel import BINS, HOP, MELS, RATE, istft, stft

_KERNEL = 7
_LOUDEST, _FAINTEST = 4.0, -14.0  # natural log of what a filter may multiply by
_MEAN, _SPREAD = -5.0, 2.0  # of log mels of speech, about
_MIDDLE_HZ = 150.0


class NeuralVocoder(nn.Module):
    """Log mels and pitch to speech, as a source and a filter.

    A network of ConvNeXt blocks looks at the mels and gives three curves a frame: how loud the pulses of the voice
    are in each frequency bin, how their phase is turned, and how loud the noise is. The source brings the pitch, so
    that the network need not learn phases from nothing.

    Args:
        width: Channels.
        depth: Blocks.

    Source:
        Iterated from the harmonic-plus-noise model (Stylianou 2001), filters as in Liu et al., "Neural Homomorphic
        Vocoder" (2020), and the ConvNeXt backbone with an inverse STFT of Siuzdak, "Vocos" (2023, arXiv:2306.00814).
    """

    def __init__(self, width: int = 224, depth: int = 6) -> None:
        super().__init__()
        self.enter = nn.Conv1d(MELS + 2, width, _KERNEL, padding=_KERNEL // 2)
        self.blocks = nn.ModuleList(_Block(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.pulses = nn.Linear(width, BINS)
        self.turn = nn.Linear(width, BINS)
        self.noise = nn.Linear(width, BINS)

    def forward(self, mel: Tensor, *, f0_hz: Tensor, voiced: Tensor, noise: Tensor | None = None) -> Tensor:
        """Speech.

        Args:
            mel: ``(B, MELS, T)``.
            f0_hz: ``(B, T)``, above 0 everywhere.
            voiced: ``(B, T)``, 1 where the voice sounds.
            noise: White noise ``(B, (T - 1) * HOP)`` of variance 1, where it is to be known; None draws it.

        Returns:
            ``(B, (T - 1) * HOP)`` samples at ``RATE``.
        """
        pitch = torch.log(f0_hz / _MIDDLE_HZ)[:, None]
        hidden = self.enter(torch.cat([(mel - _MEAN) / _SPREAD, pitch, voiced[:, None] - 0.5], dim=1))
        for block in self.blocks:
            hidden = block(hidden)
        hidden = self.norm(hidden.transpose(1, 2))
        length = (mel.shape[2] - 1) * HOP
        white = torch.randn(len(mel), length, device=mel.device) if noise is None else noise
        pulses = self.pulses(hidden).transpose(1, 2).clamp(_FAINTEST, _LOUDEST)
        loudness = self.noise(hidden).transpose(1, 2).clamp(_FAINTEST, _LOUDEST)
        turned = torch.polar(torch.exp(pulses), self.turn(hidden).transpose(1, 2))
        spectrum = turned * stft(pulse_train(f0_hz, length=length)) + torch.exp(loudness) * stft(white)
        return istft(spectrum, length=length)


class _Block(nn.Module):
    """ConvNeXt in one dimension."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, _KERNEL, padding=_KERNEL // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen, self.narrow = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)
        self.scale = nn.Parameter(torch.full((width,), 0.3))

    def forward(self, hidden: Tensor) -> Tensor:
        inner = self.norm(self.depthwise(hidden).transpose(1, 2))
        inner = self.narrow(nn.functional.gelu(self.widen(inner))) * self.scale
        found: Tensor = hidden + inner.transpose(1, 2)
        return found


def pulse_train(f0_hz: Tensor, *, length: int) -> Tensor:
    """Pulses whose harmonics are equally loud up to half the sample rate, ``(B, length)``, of variance about 1.

    Args:
        f0_hz: ``(B, T)``, ``RATE / HOP`` times a second.
        length: In samples.

    Source:
        The closed form of a sum of cosines (Dirichlet's kernel), which needs no loop over harmonics.

    Example:
        >>> hum = pulse_train(torch.full((1, 101), 100.0), length=16_000)
        >>> spectrum = torch.fft.rfft(hum[0]).abs()  # one bin a hertz
        >>> int(spectrum[1:].argmax() + 1) % 100, bool(spectrum[150] < 0.05 * spectrum[200])
        (0, True)
    """
    hertz = nn.functional.interpolate(f0_hz[:, None], size=f0_hz.shape[1] * HOP, mode="linear", align_corners=False)
    hertz = hertz[:, 0, HOP // 2 : HOP // 2 + length].double()
    half = torch.pi * torch.cumsum(hertz / RATE, dim=1)  # half the phase of the first harmonic
    half = torch.remainder(half, torch.pi)
    count = torch.floor(RATE / 2 / hertz)
    below = torch.sin(half)
    near = below.abs() < 1e-4
    safe = torch.where(near, torch.ones_like(below), below)
    kernel = torch.where(near, 2 * count, torch.sin((2 * count + 1) * half) / safe - 1)
    return (kernel / torch.sqrt(2 * count)).float()
