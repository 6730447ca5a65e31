"""Speech as it would sound in other rooms and over other lines, for networks that must not listen to either."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from scipy.fft import next_fast_len
from torch import Tensor

_POINTS = 7  # of a channel's curve, evenly over octaves from 60 Hz
_ROOM_SECONDS = 0.35  # of a room's response


@dataclass(frozen=True)
class Disguise:
    """How much speech is changed at random.

    Attributes:
        channel_db: Largest gain of the channel's curve to either side.
        band_share: How much of it has lost what lies above 3.4 to 7 kHz.
        reverb_share: How much of it is in a room, 0.1 to 0.5 s of reverberation at 3 to 20 dB below the voice.
        noise_share: How much of it has noise of a random color.
        noise_db: Least and largest distance of that noise below the speech.
        gain_db: Largest change of level to either side.
    """

    channel_db: float = 6.0
    band_share: float = 0.2
    reverb_share: float = 0.4
    noise_share: float = 0.6
    noise_db: tuple[float, float] = (8.0, 40.0)
    gain_db: float = 12.0

    def __call__(self, samples: Tensor, *, sample_rate: int) -> Tensor:
        """Change each row of ``samples (B, N)`` in its own way; shape and beginning stay."""
        count, length = samples.shape
        tail = round(_ROOM_SECONDS * sample_rate)
        padded = next_fast_len(length + tail, real=True)
        hz = torch.fft.rfftfreq(padded, 1 / sample_rate)
        spectrum = torch.fft.rfft(samples, padded) * self._channel(count, hz)
        room = torch.fft.rfft(self._room(count, length=tail, sample_rate=sample_rate), padded)
        changed = torch.fft.irfft(spectrum * room, padded)[:, :length]
        color = _between(-self.channel_db * 2, self.channel_db * 2, count, _POINTS)
        noise = torch.fft.irfft(torch.fft.rfft(torch.randn_like(samples), padded) * curve(color, hz), padded)
        noise = noise[:, :length]
        wanted = 10 ** (-_between(*self.noise_db, count, 1) / 20) * _chance(self.noise_share, count)
        changed = changed + noise * wanted * _rms(changed) / _rms(noise)
        return changed * 10 ** (_between(-self.gain_db, self.gain_db, count, 1) / 20)

    def _channel(self, count: int, hz: Tensor) -> Tensor:
        gains = curve(_between(-self.channel_db, self.channel_db, count, _POINTS), hz)
        edge = _between(3400, 7000, count, 1)
        lost = torch.sigmoid((hz - edge) / 100)  # about 5 dB less each 60 Hz
        return gains * (1 - 0.999 * lost * _chance(self.band_share, count))

    def _room(self, count: int, *, length: int, sample_rate: int) -> Tensor:
        """Responses ``(B, length)``: the voice, then a tail that falls by 60 dB in the reverberation time."""
        seconds = torch.arange(length) / sample_rate
        tail = torch.randn(count, length) * torch.exp(-6.9 * seconds / _between(0.1, 0.5, count, 1))
        tail = tail / tail.norm(dim=1, keepdim=True) * 10 ** (-_between(3, 20, count, 1) / 20)
        response = tail * _chance(self.reverb_share, count)
        response[:, 0] = 1.0
        return response


def _between(low: float, high: float, *shape: int) -> Tensor:
    return low + (high - low) * torch.rand(*shape)


def _chance(share: float, count: int) -> Tensor:
    return (torch.rand(count, 1) < share).float()


def _rms(samples: Tensor) -> Tensor:
    return samples.square().mean(dim=1, keepdim=True).sqrt().clamp_min(1e-6)


def curve(points_db: Tensor, hz: Tensor) -> Tensor:
    """Gains ``(B, F)`` along straight lines over octaves through ``points_db (B, P)``."""
    place = torch.log2(hz.clamp_min(60) / 60) / math.log2(float(hz[-1]) / 60) * (points_db.shape[1] - 1)
    left = place.floor().long().clamp_max(points_db.shape[1] - 2)
    share = place - left
    return 10 ** ((points_db[:, left] * (1 - share) + points_db[:, left + 1] * share) / 20)
