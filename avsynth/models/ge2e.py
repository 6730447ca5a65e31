"""The GE2E speaker encoder: three LSTM layers over mel frames, one unit vector a voice."""

from __future__ import annotations

import librosa
import numpy as np
import torch
from librosa.filters import mel as mel_filters
from numpy.typing import NDArray
from torch import Tensor, nn

SAMPLE_RATE = 16_000
MELS = 40
DIMENSION = 256
_WINDOW = 400  # 25 ms
_HOP = 160  # 10 ms
PARTIAL_FRAMES = 160  # the network was trained on 1.6 s
_PARTIAL_STEP = 77  # 1.3 partial utterances a second
_LEAST_COVERAGE = 0.75  # a last partial that holds less speech than this is dropped
_QUIETEST_DBFS = -30.0  # quieter speech is raised to this


class Ge2e(nn.Module):
    """The network of Wan et al. (2018) in the shape of Resemblyzer's published weights.

    Args:
        channels: Width of the LSTM layers and length of the vector, D.

    Source:
        L. Wan et al., "Generalized End-to-End Loss for Speaker Verification", 2018, arXiv:1710.10467.
    """

    def __init__(self, channels: int = DIMENSION) -> None:
        super().__init__()
        self.lstm = nn.LSTM(MELS, channels, num_layers=3, batch_first=True)
        self.linear = nn.Linear(channels, channels)

    def forward(self, mels: Tensor) -> Tensor:
        """Vectors of partial utterances.

        Args:
            mels: ``(B, T, 40)`` mel power, not logarithmic; T is 160 for the published weights.

        Returns:
            ``(B, D)`` unit vectors with no negative element.
        """
        _, (hidden, _) = self.lstm(mels)
        vectors = torch.relu(self.linear(hidden[-1]))
        unit: Tensor = nn.functional.normalize(vectors, dim=1)
        return unit

    def embed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """The unit vector ``(D,)`` of speech ``(T,)`` at 16 kHz: the mean over its partial utterances."""
        with torch.no_grad():
            vectors = self(torch.from_numpy(partial_utterances(mel_frames(raise_level(samples)))))
        mean = nn.functional.normalize(vectors.mean(dim=0), dim=0)
        embedding: NDArray[np.float32] = mean.numpy()
        return embedding


def raise_level(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring quiet speech up to -30 dBFS RMS; louder speech is left alone."""
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    gain = 10 ** (_QUIETEST_DBFS / 20) / np.sqrt(power) if power > 0 else 1.0
    return samples * np.float32(max(gain, 1.0))


def mel_frames(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mel power ``(T, 40)`` every 10 ms of speech ``(T,)`` at 16 kHz, at least 1.6 s long (padded with silence)."""
    padded = np.pad(samples, (0, max(0, PARTIAL_FRAMES * _HOP - len(samples))))
    mels = librosa.feature.melspectrogram(y=padded, sr=SAMPLE_RATE, n_fft=_WINDOW, hop_length=_HOP, n_mels=MELS)
    frames: NDArray[np.float32] = np.ascontiguousarray(mels.T, dtype=np.float32)
    return frames


def mel_power(samples: Tensor) -> Tensor:
    """``mel_frames`` of ``(B, N)`` samples, ``(B, T, 40)``, to train through.

    Example:
        >>> noise = np.random.default_rng(0).normal(0, 0.1, 32_000).astype(np.float32)
        >>> bool(np.allclose(mel_power(torch.from_numpy(noise[None]))[0], mel_frames(noise), rtol=1e-3, atol=1e-5))
        True
    """
    window = torch.hann_window(_WINDOW, device=samples.device)
    spectrum = torch.stft(samples, _WINDOW, _HOP, window=window, pad_mode="constant", return_complex=True)
    filters = torch.from_numpy(mel_filters(sr=SAMPLE_RATE, n_fft=_WINDOW, n_mels=MELS)).to(samples.device)
    return torch.einsum("of,bft->bto", filters, spectrum.abs().square())


def partial_utterances(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut mel frames ``(T, 40)`` into overlapping stretches ``(B, 160, 40)`` of 1.6 s.

    >>> partial_utterances(np.zeros((400, 40), np.float32)).shape
    (4, 160, 40)
    """
    starts = list(range(0, max(1, len(frames) - PARTIAL_FRAMES + _PARTIAL_STEP + 1), _PARTIAL_STEP))
    if len(starts) > 1 and len(frames) - starts[-1] < _LEAST_COVERAGE * PARTIAL_FRAMES:
        starts.pop()
    padded = np.pad(frames, ((0, max(0, starts[-1] + PARTIAL_FRAMES - len(frames))), (0, 0)))
    return np.stack([padded[start : start + PARTIAL_FRAMES] for start in starts])
