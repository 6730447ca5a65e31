"""The spectrogram that the cloner's networks share: 80 log mel magnitudes, 100 times a second, of 16 kHz speech."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torchaudio.functional import melscale_fbanks

RATE = 16_000
HOP = 160  # 10 ms
FRAME_RATE = 100  # frames a second: RATE / HOP
FFT, WINDOW = 1024, 640
BINS = FFT // 2 + 1
MELS = 80
FLOOR = 1e-5  # of full scale: what is fainter is silence


@cache
def _bank() -> Tensor:
    return melscale_fbanks(BINS, 0.0, RATE / 2, MELS, RATE, norm="slaney", mel_scale="slaney").T.contiguous()


@cache
def _window() -> Tensor:
    return torch.hann_window(WINDOW)


def stft(samples: Tensor) -> Tensor:
    """Complex spectrum ``(B, BINS, T)`` of ``(B, N)`` samples, frame ``i`` centred on sample ``i * HOP``."""
    window = _window().to(samples.device)
    return torch.stft(samples, FFT, HOP, WINDOW, window, center=True, pad_mode="constant", return_complex=True)


def istft(spectrum: Tensor, *, length: int | None = None) -> Tensor:
    """Samples ``(B, N)`` of a complex spectrum ``(B, BINS, T)``."""
    return torch.istft(spectrum, FFT, HOP, WINDOW, _window().to(spectrum.device), center=True, length=length)


def log_mel(samples: Tensor) -> Tensor:
    """Natural log mel magnitudes of speech.

    Args:
        samples: ``(B, N)`` at ``RATE``, full scale 1.

    Returns:
        ``(B, MELS, T)`` with ``T = N // HOP + 1``; frame ``i`` is centred on sample ``i * HOP``.

    Example:
        >>> log_mel(torch.zeros(1, 1600)).shape
        torch.Size([1, 80, 11])
    """
    return mel_of(stft(samples).abs())


def mel_of(magnitude: Tensor) -> Tensor:
    """Log mel magnitudes ``(B, MELS, T)`` of magnitudes ``(B, BINS, T)``."""
    return torch.log((_bank().to(magnitude.device) @ magnitude).clamp_min(FLOOR))


def level_of(mel: Tensor) -> Tensor:
    """How loud each frame of log mels ``(..., MELS, T)`` is, ``(..., T)``: natural log, from the sum of powers.

    Example:
        >>> mel = torch.randn(2, MELS, 5)
        >>> torch.allclose(level_of(mel + 3), level_of(mel) + 3)
        True
    """
    return torch.logsumexp(2 * mel, dim=-2) / 2
