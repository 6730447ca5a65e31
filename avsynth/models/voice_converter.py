"""The converter: what is said and how high, in whose voice, to log mels; one network for every speaker."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from avsynth.models.phonemes import PHONES
from avsynth.models.voice_cepstra import CEPSTRA
from avsynth.models.voice_mel import MELS, level_of

EMBEDDING = 256  # of the speaker encoder, D
_LOUDNESS, _PITCH, _VOICING, _SHAPE = (len(PHONES) + index for index in range(4))  # where they stand in content
CONTENT = _SHAPE + CEPSTRA
_KERNEL = 5
_DILATIONS = (1, 2, 4, 1, 2, 4, 1, 2)
_RECALLS = 2, 5  # blocks after which the speaker's frames are looked at again
_HEADS = 4
_KEY = 48
_MEAN, _SPREAD = -5.0, 2.0  # of log mels of speech, about
_FAINTEST = -8.0  # log chance of a phone below which it does not matter how unlikely it is
_MIDDLE_HZ = 150.0
_LOUDNESS_UNIT = 5.0  # natural log of magnitude


@dataclass(frozen=True)
class Reference:
    """What is known of a voice, B of them.

    Attributes:
        embedding: ``(B, EMBEDDING)`` unit vectors of the speaker encoder.
        content: ``(B, CONTENT, R)`` of the speaker's own speech.
        mel: ``(B, MELS, R)`` of it.
        known: ``(B, R)``, 1 for a frame and 0 for what only fills up.
    """

    embedding: Tensor
    content: Tensor
    mel: Tensor
    known: Tensor


class VoiceConverter(nn.Module):
    """Gated convolutions that the speaker's vector modulates, beside a look at the speaker's own frames.

    For every frame the network looks up how this speaker says this (attention from what is said now to what the
    speaker was heard to say), so that a longer reference tells more than a vector can. Twice on the way it asks again
    with what it has by then, in several respects at once.

    Args:
        width: Channels, a multiple of 4.
        dropout: Share of channels dropped in training.

    Source:
        Modulation after Perez et al., "FiLM" (2018); looking up the target's frames after Lin et al., "FragmentVC"
        (2021), and Baas et al., "Voice conversion with just nearest neighbors" (2023).
    """

    def __init__(self, width: int = 192, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.enter = nn.Conv1d(CONTENT, width, _KERNEL, padding=_KERNEL // 2)
        self.ask, self.key = _Key(width), _Key(width)
        self.sharpness = nn.Parameter(torch.tensor(2.0))
        self.found = nn.Conv1d(MELS, width, 3, padding=1)
        self.speaker = nn.Sequential(nn.Linear(EMBEDDING + 2 * MELS, width), nn.GELU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(_Block(width, dilation, dropout=dropout) for dilation in _DILATIONS)
        self.memory = nn.Sequential(
            nn.Conv1d(CONTENT + MELS, width, _KERNEL, padding=_KERNEL // 2),
            nn.GELU(),
            nn.Conv1d(width, width, 3, padding=1),
        )
        self.recalls = nn.ModuleList(_Recall(width) for _ in _RECALLS)
        self.leave = nn.Conv1d(width, MELS, 3, padding=1)

    def forward(self, content: Tensor, *, reference: Reference) -> Tensor:
        """Log mels.

        Args:
            content: ``(B, CONTENT, T)``, as ``content_of`` gives it.
            reference: Whose voice.

        Returns:
            ``(B, MELS, T)``.
        """
        heard = (reference.mel - _MEAN) / _SPREAD
        known = reference.known[:, None]
        count = known.sum(dim=2).clamp_min(1)
        mean = (heard * known).sum(dim=2) / count
        spread = (((heard - mean[..., None]) ** 2 * known).sum(dim=2) / count).clamp_min(1e-6).sqrt()
        # A unit vector's elements are about 1/16 each.
        speaker = self.speaker(torch.cat([reference.embedding * 16, mean, spread], dim=1))
        looked = self.look(content, reference=reference, heard=heard)
        hidden = self.enter(content) + self.found(looked)
        memory = self.memory(torch.cat([reference.content, heard], dim=1) * known)
        for index, block in enumerate(self.blocks):
            hidden = block(hidden, speaker)
            if index in _RECALLS:
                hidden = self.recalls[_RECALLS.index(index)](hidden, memory=memory, known=reference.known)
        made: Tensor = (self.leave(torch.relu(hidden)) + looked) * _SPREAD + _MEAN
        return made

    def look(self, content: Tensor, *, reference: Reference, heard: Tensor) -> Tensor:
        """The mean of the speaker's frames in which the most similar was said, ``(B, MELS, T)``."""
        ask, key = self.ask(content), self.key(reference.content)
        alike = torch.einsum("bkt,bkr->btr", ask, key) * torch.exp(self.sharpness)
        alike = alike.masked_fill(reference.known[:, None] < 0.5, -1e4)
        return torch.einsum("btr,bmr->bmt", alike.softmax(dim=2), heard)


class _Key(nn.Module):
    """What is said around a frame, as a unit vector."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(CONTENT, width, 5, padding=2), nn.GELU(), nn.Conv1d(width, _KEY, 3, padding=1)
        )

    def forward(self, content: Tensor) -> Tensor:
        return nn.functional.normalize(self.layers(content), dim=1)


class _Recall(nn.Module):
    """Attention from frames on the way to what is kept of the speaker's; at first it adds nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.kept_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask, self.offer = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.take = nn.Linear(width, width)
        nn.init.zeros_(self.take.weight)
        nn.init.zeros_(self.take.bias)

    def forward(self, hidden: Tensor, *, memory: Tensor, known: Tensor) -> Tensor:
        key, value = self.offer(self.kept_norm(memory.transpose(1, 2))).chunk(2, dim=2)
        asked = self.ask(self.norm(hidden.transpose(1, 2)))
        mask = (known > 0.5)[:, None, None]
        mask = mask | ~mask.any(dim=3, keepdim=True)  # attention to nothing at all is no number
        found = nn.functional.scaled_dot_product_attention(_heads(asked), _heads(key), _heads(value), attn_mask=mask)
        recalled: Tensor = hidden + self.take(found.transpose(1, 2).flatten(2)).transpose(1, 2)
        return recalled


def _heads(values: Tensor) -> Tensor:
    """``(B, T, C)`` as ``(B, heads, T, C / heads)``."""
    return values.unflatten(2, (_HEADS, -1)).transpose(1, 2)


class _Block(nn.Module):
    def __init__(self, width: int, dilation: int, *, dropout: float) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width, affine=False)
        self.film = nn.Linear(width, 2 * width)
        self.conv = nn.Conv1d(width, 2 * width, _KERNEL, dilation=dilation, padding=_KERNEL // 2 * dilation)
        self.drop = nn.Dropout1d(dropout)

    def forward(self, hidden: Tensor, speaker: Tensor) -> Tensor:
        gain, shift = self.film(speaker)[..., None].chunk(2, dim=1)
        value, gate = self.conv(self.norm(hidden) * (1 + gain) + shift).chunk(2, dim=1)
        found: Tensor = hidden + 0.7 * self.drop(value * torch.sigmoid(gate))
        return found


def content_of(logits: Tensor, *, loudness: Tensor, f0_hz: Tensor, voiced: Tensor, cepstra: Tensor) -> Tensor:
    """What is said and how, as far as possible without who says it.

    Args:
        logits: ``(B, P, T)`` of the phoneme network.
        loudness: ``(B, T)`` as ``loudness_of`` gives it.
        f0_hz: ``(B, T)``, above 0 everywhere.
        voiced: ``(B, T)``, 1 where the voice sounds.
        cepstra: ``(B, CEPSTRA, T)`` as ``cepstra_of`` gives them.

    Returns:
        ``(B, CONTENT, T)``.
    """
    phones = torch.log_softmax(logits, dim=1).clamp_min(_FAINTEST) / -_FAINTEST + 1
    pitch = torch.log(f0_hz / _MIDDLE_HZ) * 2
    return torch.cat([phones, torch.stack([loudness, pitch, voiced - 0.5], dim=1), cepstra], dim=1)


def loudness_of(mel: Tensor) -> Tensor:
    """How loud each frame of log mels ``(B, MELS, T)`` is against the loud ones, ``(B, T)``: 0 loud, -1 much fainter.

    Example:
        >>> float(loudness_of(torch.zeros(1, MELS, 10)).abs().max())
        0.0
    """
    level = level_of(mel)
    loud = torch.quantile(level, 0.9, dim=1, keepdim=True)
    return ((level - loud) / _LOUDNESS_UNIT).clamp(-1.2, 0.5)


def louder(by: Tensor) -> Tensor:
    """What loudness changes by when the log magnitude changes ``by``, of any shape."""
    return by / _LOUDNESS_UNIT


def phone_chances(content: Tensor) -> Tensor:
    """Log chances ``(B, P, T)`` of the phones in content ``(B, CONTENT, T)``, those below ``-8`` raised to it.

    Example:
        >>> one = torch.ones(1, 3)
        >>> heard, shape = torch.zeros(1, len(PHONES), 3), torch.zeros(1, CEPSTRA, 3)
        >>> content = content_of(heard, loudness=one, f0_hz=220 * one, voiced=one, cepstra=shape)
        >>> round(float(phone_chances(content).exp().sum(dim=1).mean()), 3)
        1.0
    """
    return (content[:, : len(PHONES)] - 1) * -_FAINTEST


def transposed(content: Tensor, *, by: Tensor) -> Tensor:
    """Content ``(B, CONTENT, T)`` spoken higher: its log pitch raised ``by (B,)``."""
    moved = torch.zeros_like(content)
    moved[:, _PITCH] = 2 * by[:, None]
    return content + moved


def unheard(content: Tensor, *, where: Tensor) -> Tensor:
    """Content ``(B, CONTENT, T)`` in which no phone is more likely than another where ``where (B, T)`` is true."""
    nothing = math.log(1 / len(PHONES)) / -_FAINTEST + 1
    phones = content[:, :_LOUDNESS].masked_fill(where[:, None], nothing)
    return torch.cat([phones, content[:, _LOUDNESS:]], dim=1)


def reshaped(content: Tensor, *, cepstra: Tensor) -> Tensor:
    """Content ``(B, CONTENT, T)`` with other cepstra ``(B, CEPSTRA, T)``."""
    return torch.cat([content[:, :_SHAPE], cepstra], dim=1)


def melody_of(content: Tensor) -> tuple[Tensor, Tensor]:
    """Pitch in Hz and voicing, ``(B, T)`` each, that ``content_of`` put into content ``(B, CONTENT, T)``.

    Example:
        >>> one = torch.ones(1, 3)
        >>> heard, shape = torch.zeros(1, len(PHONES), 3), torch.zeros(1, CEPSTRA, 3)
        >>> content = content_of(heard, loudness=one, f0_hz=220 * one, voiced=one, cepstra=shape)
        >>> [round(float(values.mean())) for values in melody_of(content)]
        [220, 1]
    """
    pitch, voicing = content[:, _PITCH], content[:, _VOICING]
    return torch.exp(pitch / 2) * _MIDDLE_HZ, (voicing > 0).float()
