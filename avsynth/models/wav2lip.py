"""The public Wav2Lip generator: a 96 x 96 face whose lower half is drawn anew to fit 0.2 s of sound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from avsynth.models.card import Card
from avsynth.models.hub import load_into
from avsynth.models.wav2lip_mel import COLUMNS, MELS

SIZE = 96
WIDTH = 16  # channels of the first layer; every other layer has a multiple of it
PARAMETERS = 36_298_035  # of all convolutions and batch normalizations, without the running statistics

Layer = tuple[int, int, int, "int | tuple[int, int]", int, bool]  # in, out (in WIDTHs), kernel, stride, pad, residual
_INPUT, _MEL, _PICTURE = -6, -1, -3  # channels that do not grow with the width


def _down(channels: int, out: int, residuals: int) -> list[Layer]:
    """A convolution that halves the picture, and residual ones."""
    return [(channels, out, 3, 2, 1, False), *[(out, out, 3, 1, 1, True)] * residuals]


# One list a block, from the layer table of the published network.
_FACE_ENCODER: list[list[Layer]] = [
    [(_INPUT, 1, 7, 1, 3, False)],
    _down(1, 2, 2),
    _down(2, 4, 3),
    _down(4, 8, 2),
    _down(8, 16, 2),
    _down(16, 32, 1),
    [(32, 32, 3, 1, 0, False), (32, 32, 1, 1, 0, False)],
]
_AUDIO_ENCODER: list[Layer] = [
    (_MEL, 2, 3, 1, 1, False),
    *[(2, 2, 3, 1, 1, True)] * 2,
    (2, 4, 3, (3, 1), 1, False),
    *[(4, 4, 3, 1, 1, True)] * 2,
    (4, 8, 3, 3, 1, False),
    *[(8, 8, 3, 1, 1, True)] * 2,
    (8, 16, 3, (3, 2), 1, False),
    (16, 16, 3, 1, 1, True),
    (16, 32, 3, 1, 0, False),
    (32, 32, 1, 1, 0, False),
]
# In, out, padding, extra rows and columns of the transposed convolution, its stride, and residual layers after it.
_FACE_DECODER: list[tuple[int, int, int, int, int, int]] = [
    (64, 32, 0, 0, 1, 1),
    (64, 32, 1, 1, 2, 2),
    (48, 24, 1, 1, 2, 2),
    (32, 16, 1, 1, 2, 2),
    (20, 8, 1, 1, 2, 2),
    (10, 4, 1, 1, 2, 2),
]


class Block(nn.Module):
    """A convolution and its batch normalization; a residual one adds its input before the ReLU."""

    def __init__(self, convolution: nn.Module, channels: int, *, residual: bool = False) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(convolution, nn.BatchNorm2d(channels))
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """Features ``(B, C, h, w)`` to features."""
        y: Tensor = self.conv_block(x)
        return torch.relu(y + x if self.residual else y)


class Wav2Lip(nn.Module):
    """The generator, by the published names ``face_encoder_blocks.{i}.{j}.conv_block.{0|1}.*`` and so on.

    Args:
        width: Channels of the first layer. The published weights have 16; narrower ones are for tests.

    Source:
        K. R. Prajwal et al., "A Lip Sync Expert Is All You Need for Speech to Lip Generation in the Wild", 2020,
        arXiv:2008.10010. Written from the table of its layers, not from its code.
    """

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.face_encoder_blocks = nn.ModuleList(_sequence(layers, width) for layers in _FACE_ENCODER)
        self.audio_encoder = _sequence(_AUDIO_ENCODER, width)
        self.face_decoder_blocks = nn.ModuleList([_sequence([(32, 32, 1, 1, 0, False)], width)])
        self.face_decoder_blocks.extend(_up(row, width) for row in _FACE_DECODER)
        last = nn.Conv2d(2 * width, -_PICTURE, 1)
        self.output_block = nn.Sequential(*_sequence([(5, 2, 3, 1, 1, False)], width), last, nn.Sigmoid())
        self.eval()

    def forward(self, mels: Tensor, faces: Tensor) -> Tensor:
        """Draw faces.

        Args:
            mels: ``(B, 1, 80, 16)``, a window of ``wav2lip_mel.mel_columns`` a face.
            faces: ``(B, 6, 96, 96)`` in 0..1: blue, green, red with rows 48 to 95 zero, then the whole reference.

        Returns:
            ``(B, 3, 96, 96)`` in 0..1: blue, green, red.
        """
        features = []
        for block in self.face_encoder_blocks:
            faces = block(faces)
            features.append(faces)
        x = self.audio_encoder(mels)
        for block, feature in zip(self.face_decoder_blocks, reversed(features), strict=True):
            x = torch.cat([block(x), feature], dim=1)
        drawn: Tensor = self.output_block(x)
        return drawn

    def draw(
        self, faces: Sequence[NDArray[np.uint8]], windows: Sequence[NDArray[np.float32]]
    ) -> list[NDArray[np.uint8]]:
        """Draw faces that speak.

        Args:
            faces: Pictures ``(96, 96, 3)``, RGB.
            windows: For each one ``(80, 16)`` of ``wav2lip_mel.mel_columns``.

        Returns:
            As many pictures ``(96, 96, 3)``, RGB.
        """
        whole = torch.from_numpy(np.stack(faces)[..., ::-1].copy()).permute(0, 3, 1, 2).float() / 255
        masked = whole.clone()
        masked[:, :, SIZE // 2 :] = 0
        with torch.inference_mode():
            drawn = self(torch.from_numpy(np.stack(windows))[:, None], torch.cat([masked, whole], dim=1))
        pictures = (drawn.permute(0, 2, 3, 1).numpy()[..., ::-1] * 255).round().astype(np.uint8)
        return list(pictures)


def load_wav2lip(card: Card | str = "lipsync/wav2lip") -> Wav2Lip:
    """The generator with the public weights.

    Raises:
        ModelError: Their license is not accepted, the file is not here or broken, or it is another network's.
    """
    network = Wav2Lip()
    load_into(network, card=card)
    return network


def example_inputs(batch: int) -> tuple[Tensor, Tensor]:
    """Random ``(mels, faces)`` of the shapes that ``Wav2Lip.forward`` takes, the same every time; to time it with."""
    source = torch.Generator().manual_seed(0)
    return (
        torch.rand((batch, 1, MELS, COLUMNS), generator=source) * 8 - 4,
        torch.rand((batch, 6, SIZE, SIZE), generator=source),
    )


def _sequence(layers: Sequence[Layer], width: int) -> nn.Sequential:
    return nn.Sequential(*[_block(layer, width) for layer in layers])


def _block(layer: Layer, width: int) -> Block:
    channels, out, kernel, stride, pad, residual = layer
    convolution = nn.Conv2d(_channels(channels, width), _channels(out, width), kernel, stride, pad)
    return Block(convolution, _channels(out, width), residual=residual)


def _up(row: tuple[int, int, int, int, int, int], width: int) -> nn.Sequential:
    channels, out, pad, extra, stride, residuals = row
    grow = nn.ConvTranspose2d(channels * width, out * width, 3, stride, pad, output_padding=extra)
    rest = [_block((out, out, 3, 1, 1, True), width) for _ in range(residuals)]
    return nn.Sequential(Block(grow, out * width), *rest)


def _channels(count: int, width: int) -> int:
    return -count if count < 0 else count * width
