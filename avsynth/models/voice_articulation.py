"""How a mouth moves in speech, taken from who spoke and given to who is to speak."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from avsynth.models.voice_cepstra import cosines
from avsynth.models.voice_mel import MELS, level_of

_ORDERS = 24  # of the cosine transform: formants are wider than that, harmonics narrower
_HARMONICS = 30  # bands, to 1.2 kHz, in which the harmonics of a voice are apart from one another
_ABOVE = 36  # bands, from 1.5 kHz on: stripes are measured where no harmonic is left
_STRIPE, _REACH = 2.0, 6  # bands: spread and reach of the mean that is taken across the others
_FAINT_SHARE = 0.4  # of a line's frames, the faintest: what is measured of them says nothing of a voice


def articulated(made: Tensor, *, spoken: Tensor, share: float | Tensor) -> Tensor:
    """Speech whose spectrum moves, to some share, as that of the speech which it was made of.

    What a converter does not know to say comes out torn, and with it words are lost; what was spoken is whole. Its
    mean spectrum is made that of the voice before, so that only what moves is taken over: the more, the more words are
    understood, and the less of the person's own way of speaking is left.

    Where a share is taken, ``made`` is smoothed across the bands first, from 1.2 kHz on: what a converter does not know
    to say it also says in stripes, one band loud and the next one faint, which no mouth makes, and which please the
    encoders that it learnt from.

    Args:
        made: Log mels ``(B, MELS, T)`` in the wanted voice.
        spoken: Log mels ``(B, MELS, T)`` of the same words in the voice they were spoken in.
        share: 0 leaves ``made`` as it is, 1 takes all movement from ``spoken``; a number, or ``(B, T)``.

    Returns:
        ``(B, MELS, T)``.

    Example:
        >>> made, spoken = torch.randn(2, 1, MELS, 50).unbind()
        >>> torch.equal(articulated(made, spoken=spoken, share=0), made)
        True
        >>> spoken = torch.linspace(0, 5, MELS)[None, :, None] * torch.rand(50)
        >>> bool((articulated(spoken + 1, spoken=spoken, share=0.5) - spoken - 1).abs().max() < 1e-4)
        True
    """
    if not torch.as_tensor(share).any():
        return made
    level = level_of(spoken)
    counts = (level > torch.quantile(level, _FAINT_SHARE, dim=1, keepdim=True)).float()[:, None]
    each = share[:, None] if isinstance(share, Tensor) else made.new_tensor(share)
    even = _without_stripes(made)
    apart = spoken - even
    room = (apart * counts).sum(dim=2, keepdim=True) / counts.sum(dim=2, keepdim=True).clamp_min(1)
    return torch.where(each > 0, even + each * _smooth(apart - room), made)


def moved_apart(made: Tensor, before: Tensor) -> Tensor:
    """How else the spectrum moves in one set of log mels than in another, whatever their mean spectra are.

    Args:
        made: ``(B, MELS, T)``.
        before: As many, frame by frame beside them.

    Returns:
        The mean distance, natural log of magnitude.

    Example:
        >>> before = torch.randn(2, MELS, 50)
        >>> other_voice = torch.linspace(-1, 1, MELS)[None, :, None]
        >>> bool(moved_apart(before + other_voice, before) < 1e-5)
        True
        >>> still = before.mean(dim=2, keepdim=True).expand_as(before)
        >>> bool(moved_apart(still, before) > 0.5)
        True
    """
    apart = made - before
    return (apart - apart.mean(dim=2, keepdim=True)).abs().mean()


def striped(mel: Tensor, *, where: Tensor) -> Tensor:
    """How striped speech is: how far the bands above the harmonics are from the mean of their neighbors.

    Args:
        mel: Log mels ``(B, MELS, T)``.
        where: ``(B, T)``, how much each frame counts.

    Returns:
        ``(B,)``, natural log of magnitude; real speech has about 0.3.

    Example:
        >>> rising = torch.linspace(-6, 0, MELS)[None, :, None].expand(1, MELS, 50)
        >>> every_other = 1 - 2 * (torch.arange(MELS) % 2)[None, :, None]
        >>> [round(float(striped(rising + by * every_other, where=torch.ones(1, 50))), 1) for by in (0, 1)]
        [0.0, 1.0]
    """
    apart = (mel - _without_stripes(mel))[:, _ABOVE:].abs().mean(dim=1)
    return (apart * where).sum(dim=1) / where.sum(dim=1).clamp_min(1)


def _without_stripes(mel: Tensor) -> Tensor:
    """Above the harmonics each band as its neighbors have it in the mean; what rises or falls evenly stays."""
    beyond = 2 * mel[:, -1:] - mel[:, -_REACH - 1 : -1].flip(1)
    bands = torch.cat([mel[:, :_REACH].flip(1), mel, beyond], dim=1).unfold(1, 2 * _REACH + 1, 1)
    above = torch.sigmoid((torch.arange(MELS, device=mel.device) - _HARMONICS) / 3)[:, None]
    return mel + above * (bands @ _neighbors(mel.device) - mel)


@cache
def _neighbors(device: torch.device) -> Tensor:
    """How much each band around counts, ``(2 * _REACH + 1,)``, together 1."""
    near = torch.exp(-0.5 * (torch.arange(-_REACH, _REACH + 1, device=device) / _STRIPE) ** 2)
    return near / near.sum()


def _smooth(mel: Tensor) -> Tensor:
    """Without harmonics: only the first orders of the cosine transform across the bands."""
    rows = torch.cat([torch.full((1, MELS), MELS**-0.5, device=mel.device), cosines(mel.device, count=_ORDERS)])
    return rows.T @ (rows @ mel)
