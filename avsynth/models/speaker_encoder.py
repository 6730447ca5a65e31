"""Two small speaker encoders of our own: `Coach`, through which a cloner learns, and `Judge`, which only measures."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
from torch import Tensor, nn
from torchaudio.functional import melscale_fbanks

from avsynth.models import voice_mel
from avsynth.models.redirects import quiet_redirects

SAMPLE_RATE = voice_mel.RATE
DIMENSION = 192
PARTIAL_SECONDS, PARTIAL_STEP = 1.6, 0.8  # the networks were trained on 1 to 1.6 s
_DEEPEST = -5.0  # natural log units below the speech's level: what is fainter tells of the room, not of the voice

quiet_redirects()


class _Layer(nn.Module):
    """A dilated convolution beside an identity."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, frames: Tensor) -> Tensor:
        return frames + torch.relu(self.norm(self.convolution(frames)))


class Coach(nn.Module):
    """Dilated convolutions over the cloner's own spectrogram, and attentive statistics over time.

    Light and differentiable, so that a cloner can be trained through it. It hears the long-term spectrum, but not how
    loud the speech is.

    Args:
        width: Channels of the convolutions.
        layers: How many of them are dilated, by 1, 2, 3...

    Source:
        Statistics pooling by attention: K. Okabe et al., "Attentive Statistics Pooling for Deep Speaker Embedding",
        2018, arXiv:1803.10963.
    """

    def __init__(self, width: int = 128, layers: int = 4) -> None:
        super().__init__()
        joined = 3 * width
        self.entry = nn.Conv1d(voice_mel.MELS, width, 5, stride=2, padding=2)
        self.norm = nn.BatchNorm1d(width)
        self.layers = nn.ModuleList(_Layer(width, 1 + index) for index in range(layers))
        self.join = nn.Conv1d(layers * width, joined, 1)
        self.attention = nn.Sequential(nn.Conv1d(joined, 64, 1), nn.Tanh(), nn.Conv1d(64, joined, 1))
        self.exit = nn.Sequential(nn.BatchNorm1d(2 * joined), nn.Linear(2 * joined, DIMENSION))

    @staticmethod
    def features(samples: Tensor) -> Tensor:
        """Log mels ``(B, 80, T)`` of samples ``(B, N)`` at 16 kHz."""
        return voice_mel.log_mel(samples)

    def forward(self, mels: Tensor) -> Tensor:
        """Unit vectors ``(B, 192)`` of ``voice_mel.log_mel``s ``(B, 80, T)``, best 1.3 s or longer."""
        frames = torch.relu(self.norm(self.entry(leveled(mels))))
        heard = []
        for layer in self.layers:
            frames = layer(frames)
            heard.append(frames)
        frames = torch.relu(self.join(torch.cat(heard, dim=1)))
        share = torch.softmax(self.attention(frames).float(), dim=2)
        frames = frames.float()  # a difference of squares needs the digits that a half-precision run has not
        mean = (share * frames).sum(dim=2)
        variance = (share * frames.square()).sum(dim=2) - mean.square()
        vectors = self.exit(torch.cat([mean, variance.clamp_min(1e-5).sqrt()], dim=1))
        unit: Tensor = nn.functional.normalize(vectors, dim=1)
        return unit


def leveled(mels: Tensor) -> Tensor:
    """Log mels ``(B, M, T)`` less the level of their louder half, and what is far below it cut off.

    >>> loud = torch.tensor([[[0.0, 4.0, -9.0]]])
    >>> leveled(loud), bool((leveled(loud) == leveled(loud + 2)).all())
    (tensor([[[-2.,  2., -5.]]]), True)
    """
    frames = mels.mean(dim=1, keepdim=True)
    loud = (frames >= frames.mean(dim=2, keepdim=True)).float()
    level = (frames * loud).sum(dim=2, keepdim=True) / loud.sum(dim=2, keepdim=True).clamp_min(1)
    return (mels - level).clamp_min(_DEEPEST)


class Judge(nn.Module):
    """ECAPA-TDNN with few channels over 64 log mels, less their mean over time.

    Nothing is trained through it: another network on other features than ``Coach``, so that what pleases the one does
    not please the other by itself.

    Args:
        channels: Of the convolutions, a multiple of 8.

    Source:
        B. Desplanques et al., "ECAPA-TDNN", 2020, arXiv:2005.07143; the class is SpeechBrain's.
    """

    MELS = 64
    _FFT, _WINDOW, _HOP = 512, 400, 320

    def __init__(self, channels: int = 128) -> None:
        super().__init__()
        self.network = ECAPA_TDNN(
            input_size=self.MELS,
            channels=[channels, channels, channels, channels, 3 * channels],
            kernel_sizes=[5, 3, 3, 3, 1],
            dilations=[1, 2, 3, 4, 1],
            attention_channels=64,
            se_channels=64,
            lin_neurons=DIMENSION,
        )

    @classmethod
    def features(cls, samples: Tensor) -> Tensor:
        """Log mel power ``(B, 64, T)`` of samples ``(B, N)`` at 16 kHz, 25 ms wide, every 20 ms."""
        bank, window = _judges_bank()
        spectrum = torch.stft(samples, cls._FFT, cls._HOP, cls._WINDOW, window.to(samples.device), return_complex=True)
        return torch.log(bank.to(samples.device) @ spectrum.abs().square() + 1e-6)

    def forward(self, mels: Tensor) -> Tensor:
        """Unit vectors ``(B, 192)`` of ``features`` ``(B, 64, T)``."""
        centered = mels - mels.mean(dim=2, keepdim=True)
        unit: Tensor = nn.functional.normalize(self.network(centered.transpose(1, 2)).squeeze(1), dim=1)
        return unit


@cache
def _judges_bank() -> tuple[Tensor, Tensor]:
    bank = melscale_fbanks(Judge._FFT // 2 + 1, 20.0, 7600.0, Judge.MELS, SAMPLE_RATE)
    return bank.T.contiguous(), torch.hamming_window(Judge._WINDOW)


def embed(network: Coach | Judge, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The unit vector ``(192,)`` of speech ``(T,)`` at 16 kHz: the mean over stretches of 1.6 s."""
    with torch.no_grad():
        vectors = network(network.features(torch.from_numpy(stretches(samples))))
    embedding: NDArray[np.float32] = nn.functional.normalize(vectors.mean(dim=0), dim=0).numpy()
    return embedding


def stretches(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Overlapping parts ``(B, N)`` of speech, the last one ending with it; shorter speech is one part.

    >>> stretches(np.zeros(5 * SAMPLE_RATE, np.float32)).shape
    (6, 25600)
    """
    size, step = round(PARTIAL_SECONDS * SAMPLE_RATE), round(PARTIAL_STEP * SAMPLE_RATE)
    if len(samples) <= size:
        return samples[None].copy()
    starts = np.linspace(0, len(samples) - size, 1 + -(-(len(samples) - size) // step)).astype(int)
    return np.stack([samples[start : start + size] for start in starts])
