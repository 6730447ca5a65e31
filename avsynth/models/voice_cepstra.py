"""Mel cepstra: the shape of the spectrum, frame by frame, with the voice's own mean and spread taken out."""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from avsynth.models.voice_mel import MELS, RATE, level_of

LONGEST_THROAT = 0.2  # natural log: how much longer or shorter throats are in what networks learn from
CEPSTRA = 16  # the first of the cosine transform, without the one that is loudness
_FAINTER = 4.0  # natural log of magnitude below the loudest frame: what is fainter does not count for mean and spread
_LEAST_SPREAD = 0.3
_FARTHEST = 4.0  # spreads from the mean


def cepstra_of(mel: Tensor, *, there: Tensor | None = None, warp: Tensor | None = None) -> Tensor:
    """How each frame's spectrum is shaped, against all frames of the same recording.

    What phones are too coarse for stands here: how a vowel is coloured, how fast one sound goes over into the next. A
    microphone and the mean of a voice are taken out; how long the throat is shows still.

    Args:
        mel: Log mels ``(B, MELS, T)``.
        there: ``(B, T)``, False for what only fills up; None is all.
        warp: ``(B,)``, how much longer the throat shall seem: the spectrum is read so much higher. None is 1.

    Returns:
        ``(B, CEPSTRA, T)``, within -4 to 4.

    Source:
        Cepstra with mean and variance normalisation, as recognizers have long been fed; the warp after Jaitly and
        Hinton, "Vocal Tract Length Perturbation" (2013).

    Example:
        >>> mel = torch.randn(1, MELS, 200, generator=torch.Generator().manual_seed(0))
        >>> room = torch.linspace(-1, 1, MELS)[None, :, None]
        >>> torch.allclose(cepstra_of(mel + room), cepstra_of(mel), atol=1e-3)
        True
    """
    level = level_of(mel)
    if there is not None:
        level = level.masked_fill(~there, -torch.inf)
    counts = (level > level.amax(dim=1, keepdim=True) - _FAINTER).float()[:, None]
    shape = cosines(mel.device) @ (mel if warp is None else _warped(mel, warp))
    total = counts.sum(dim=2, keepdim=True).clamp_min(1)
    mean = (shape * counts).sum(dim=2, keepdim=True) / total
    spread = (((shape - mean) ** 2 * counts).sum(dim=2, keepdim=True) / total).sqrt().clamp_min(_LEAST_SPREAD)
    found: Tensor = ((shape - mean) / spread).clamp(-_FARTHEST, _FARTHEST)
    return found


@cache
def cosines(device: torch.device, *, count: int = CEPSTRA) -> Tensor:
    """``(count, MELS)``, the orthonormal cosine transform's rows from the second on."""
    order, band = torch.arange(1, count + 1)[:, None], torch.arange(MELS)[None] + 0.5
    return (torch.cos(torch.pi / MELS * order * band) * math.sqrt(2 / MELS)).to(device)


def _warped(mel: Tensor, warp: Tensor) -> Tensor:
    """Log mels whose band at ``f`` Hz is read at ``f * warp``; above the highest band that one is read."""
    from librosa import hz_to_mel, mel_frequencies  # slow to load, and needed only where a network learns

    hz = mel_frequencies(n_mels=MELS + 2, fmin=0, fmax=RATE / 2)[1:-1]
    step = hz_to_mel(RATE / 2) / (MELS + 1)
    at = torch.from_numpy(hz_to_mel(warp.double().cpu().numpy()[:, None] * hz) / step - 1).to(mel).clamp(0, MELS - 1)
    low = at.floor().long().clamp_max(MELS - 2)
    share = (at - low)[..., None]
    below, above = (mel.gather(1, index[..., None].expand(-1, -1, mel.shape[2])) for index in (low, low + 1))
    return below * (1 - share) + above * share
