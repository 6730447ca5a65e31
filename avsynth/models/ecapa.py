"""The ECAPA-TDNN speaker encoder with the published VoxCeleb settings, built here and never from a hub's YAML."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from speechbrain.lobes.features import Fbank
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
from torch import Tensor, nn

from avsynth.models.redirects import quiet_redirects

SAMPLE_RATE = 16_000
MELS = 80
DIMENSION = 192
CHANNELS = 1024
_PARTIAL_SECONDS = 30  # a longer recording is embedded in pieces and averaged, so memory does not grow

quiet_redirects()


class Ecapa(nn.Module):
    """Filter banks, mean normalization, and the network of Desplanques et al. (2020).

    The state dict of ``network`` is the one that SpeechBrain publishes as ``embedding_model.ckpt``.

    Args:
        channels: Width of the convolutions; the published weights have 1024.

    Source:
        B. Desplanques et al., "ECAPA-TDNN", 2020, arXiv:2005.07143; settings of speechbrain/spkrec-ecapa-voxceleb.
    """

    def __init__(self, channels: int = CHANNELS) -> None:
        super().__init__()
        self.features = Fbank(sample_rate=SAMPLE_RATE, n_mels=MELS)
        self.network = ECAPA_TDNN(
            input_size=MELS,
            channels=[channels, channels, channels, channels, 3 * channels],
            kernel_sizes=[5, 3, 3, 3, 1],
            dilations=[1, 2, 3, 4, 1],
            attention_channels=128,
            lin_neurons=DIMENSION,
        )
        self.eval()

    def forward(self, samples: Tensor) -> Tensor:
        """Vectors ``(B, 192)``, not normalized, of speech ``(B, T)`` at 16 kHz."""
        banks = self.features(samples)
        vectors: Tensor = self.network(banks - banks.mean(dim=1, keepdim=True))
        return vectors.squeeze(1)

    def embed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """The unit vector ``(192,)`` of speech ``(T,)`` at 16 kHz."""
        pieces = np.array_split(samples, max(1, round(len(samples) / (_PARTIAL_SECONDS * SAMPLE_RATE))))
        with torch.no_grad():
            vectors = [nn.functional.normalize(self(torch.from_numpy(part.copy())[None])[0], dim=0) for part in pieces]
        embedding: NDArray[np.float32] = nn.functional.normalize(torch.stack(vectors).mean(dim=0), dim=0).numpy()
        return embedding
