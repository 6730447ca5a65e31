"""The mouth refiner: a small U-Net that corrects a drawn mouth, its patch discriminator, and a reader of lips."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

CHANNELS = 13  # see lipsync.refine.Sketch: drawn mouth 3, alpha 1, motion 3, two references 6
WIDTHS = (24, 48, 72, 96)
LARGEST_CHANGE = 0.5  # of pictures in -1..1; a quarter of their range
SMOOTH = 2.0  # pixels: finer detail stays the drawn mouth's own, of which a small network makes blur
_REACH = 6  # pixels of the smoothing on either side
_DRAWN, _ALPHA, _MOTION = slice(0, 3), slice(3, 4), slice(4, 7)


def _block(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in (inputs, outputs):
        layers += [nn.Conv2d(width, outputs, 3, padding=1, bias=False), nn.GroupNorm(8, outputs), nn.SiLU()]
    return nn.Sequential(*layers)


class MouthRefiner(nn.Module):
    """What to add to a drawn mouth, from what it was drawn for and from; untrained it adds nothing.

    The change is smooth: it moves light, color and shape, and the real mouth's own detail stays.

    It works on half the resolution (pixels are folded into channels), so 96 x 96 pixels cost some 0.2 G
    multiplications.

    Args:
        widths: Channels of the levels, multiples of 8.

    Source:
        Residual refinement as in pix2pixHD (Wang et al. 2018); last layer zero as in Zhang et al. 2019 (Fixup).
    """

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        inputs = (4 * CHANNELS, *widths[:-1])
        self.down = nn.ModuleList(_block(a, b) for a, b in zip(inputs, widths, strict=True))
        pairs = list(zip(widths[1:], widths[:-1], strict=True))[::-1]
        self.up = nn.ModuleList(_block(low + high, high) for low, high in pairs)
        self.out = nn.Conv2d(widths[0], 12, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        bell = torch.exp(-0.5 * (torch.arange(-_REACH, _REACH + 1) / SMOOTH) ** 2)
        self.register_buffer("bell", bell / bell.sum(), persistent=False)

    def forward(self, planes: Tensor) -> Tensor:
        """The change ``(B, 3, H, W)`` of the drawn mouths, in their range of -1..1.

        Args:
            planes: ``(B, 13, H, W)`` as ``lipsync.refine.Sketch.planes`` gives them; H and W multiples of 16.
        """
        x = nn.functional.pixel_unshuffle(planes, 2)
        levels = []
        for number, block in enumerate(self.down):
            x = block(nn.functional.avg_pool2d(x, 2) if number else x)
            levels.append(x)
        levels.pop()
        for block in self.up:
            grown = nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = block(torch.cat([grown, levels.pop()], dim=1))
        change = nn.functional.pixel_shuffle(self.out(x), 2)
        return self._smooth(LARGEST_CHANGE * torch.tanh(change / LARGEST_CHANGE))

    def _smooth(self, change: Tensor) -> Tensor:
        bell = self.bell.expand(3, 1, 1, -1)
        padded = nn.functional.pad(change, (_REACH,) * 4, mode="replicate")
        along = nn.functional.conv2d(padded, bell, groups=3)
        smooth: Tensor = nn.functional.conv2d(along, bell.transpose(2, 3), groups=3)
        return smooth


def placed(planes: Tensor, *, change: Tensor, film: Tensor) -> Tensor:
    """The refined mouth blended into the film's picture ``(B, 3, H, W)``, as a viewer sees it."""
    return film + planes[:, _ALPHA] * (planes[:, _DRAWN] + change - film)


class PatchDiscriminator(nn.Module):
    """Says of each patch of a picture, given the wanted motion, how real it looks.

    It is not normalized, so it is to be trained with a gradient penalty.

    Source: Isola et al., pix2pix, 2017 (arXiv:1611.07004).
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        sizes = [(7, width, 2), (width, 2 * width, 2), (2 * width, 3 * width, 2), (3 * width, 3 * width, 1)]
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 4 if step == 2 else 3, step, 1) for a, b, step in sizes)
        self.score = nn.Conv2d(3 * width, 1, 3, padding=1)

    def forward(self, picture: Tensor, planes: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Scores and the features they came from.

        Args:
            picture: ``(B, 3, H, W)`` in -1..1.
            planes: ``(B, 13, H, W)`` what it was made from.
        """
        x = torch.cat([picture, planes[:, _ALPHA], planes[:, _MOTION]], dim=1)
        features = []
        for layer in self.layers:
            x = nn.functional.leaky_relu(layer(x), 0.2)
            features.append(x)
        return [self.score(x)], features


class LipReader(nn.Module):
    """Measures lips in a picture: opening, width, thickness and jaw, in typical deviations.

    It learns from real pictures and holds the refiner to the wanted motion; the measures of ``metrics`` read lips by
    landmarks instead.
    """

    def __init__(self, measures: int = 5, width: int = 16) -> None:
        super().__init__()
        widths = (3, width, 2 * width, 3 * width, 4 * width)
        layers: list[nn.Module] = []
        for a, b in pairwise(widths):
            layers += [nn.Conv2d(a, b, 3, 2, 1), nn.GroupNorm(8, b), nn.SiLU()]
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(36 * width, measures))

    def forward(self, picture: Tensor) -> Tensor:
        """Measures ``(B, F)`` of pictures ``(B, 3, H, W)`` in -1..1."""
        measures: Tensor = self.body(picture)
        return measures
