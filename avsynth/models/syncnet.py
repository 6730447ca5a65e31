"""SyncNet: 0.2 s of lips and 0.2 s of sound as two vectors that lie near each other where they belong together."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from avsynth.models.card import Card
from avsynth.models.hub import load_into

FRAME_RATE = 25
SIZE = 224
FRAMES = 5  # of a window
MFCC_COLUMNS = 20  # of a window: 0.2 s
DIMENSION = 1024


class SyncNet(nn.Module):
    """The two towers of ``syncnet_v2.model``, by its names.

    Each convolution has 1 output position in time and height, so a longer input gives one vector a window.

    Args:
        width: Multiplies every layer but the last. The published weights have 1; less is for tests.

    Source:
        J. S. Chung and A. Zisserman, "Out of time: automated lip sync in the wild", 2016. Written from the table of
        its layers, not from its code.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        w = {count: max(1, round(count * width)) for count in (64, 96, 192, 256, 384, 512)}
        self.netcnnaud = nn.Sequential(
            *_sound_layer(1, w[64], 3, 1),
            nn.MaxPool2d(1, 1),
            *_sound_layer(w[64], w[192], 3, 1),
            nn.MaxPool2d(3, (1, 2)),
            *_sound_layer(w[192], w[384], 3, 1),
            *_sound_layer(w[384], w[256], 3, 1),
            *_sound_layer(w[256], w[256], 3, 1),
            nn.MaxPool2d(3, 2),
            *_sound_layer(w[256], w[512], (5, 4), 0),
        )
        self.netfcaud = _head(w[512])
        self.netfclip = _head(w[512])
        self.netcnnlip = nn.Sequential(
            *_lip_layer(3, w[96], (FRAMES, 7, 7), stride=(1, 2, 2), pad=0),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_lip_layer(w[96], w[256], (1, 5, 5), stride=(1, 2, 2), pad=(0, 1, 1)),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            *_lip_layer(w[256], w[256], (1, 3, 3), stride=1, pad=(0, 1, 1)),
            *_lip_layer(w[256], w[256], (1, 3, 3), stride=1, pad=(0, 1, 1)),
            *_lip_layer(w[256], w[256], (1, 3, 3), stride=1, pad=(0, 1, 1)),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_lip_layer(w[256], w[512], (1, 6, 6), stride=1, pad=0),
        )
        self.eval()

    def embed_lips(self, frames: Tensor) -> Tensor:
        """Vectors of every five consecutive pictures.

        Only the first layer looks at several pictures, so a run of them shares the work of its windows.

        Args:
            frames: ``(T, 3, 224, 224)``, blue, green, red in 0..255, at 25 a second; T at least 5.

        Returns:
            ``(T - 4, 1024)``, not normalized.
        """
        with torch.inference_mode():
            features = self.netcnnlip(frames.transpose(0, 1)[None])[0, :, :, 0, 0]
            vectors: Tensor = self.netfclip(features.T)
        return vectors

    def embed_sound(self, windows: Tensor) -> Tensor:
        """Vectors ``(B, 1024)``, not normalized, of ``(B, 1, 13, 20)`` MFCC columns."""
        with torch.inference_mode():
            vectors: Tensor = self.netfcaud(self.netcnnaud(windows).flatten(1))
        return vectors


def load_syncnet(card: Card | str = "sync/syncnet-v2") -> SyncNet:
    """SyncNet with the public weights.

    Raises:
        ModelError: The file was not added here, is broken, or is another network's.
    """
    network = SyncNet()
    load_into(network, card=card)
    return network


def _sound_layer(channels: int, out: int, kernel: int | tuple[int, int], pad: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, out, kernel, padding=pad), nn.BatchNorm2d(out), nn.ReLU()]


def _lip_layer(
    channels: int,
    out: int,
    kernel: tuple[int, int, int],
    *,
    stride: int | tuple[int, int, int],
    pad: int | tuple[int, int, int],
) -> list[nn.Module]:
    return [nn.Conv3d(channels, out, kernel, stride=stride, padding=pad), nn.BatchNorm3d(out), nn.ReLU()]


def _head(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(channels, channels), nn.BatchNorm1d(channels), nn.ReLU(), nn.Linear(channels, DIMENSION)
    )
