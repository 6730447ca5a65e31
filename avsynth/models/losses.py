"""Losses that several networks are trained with: distances of pictures or spectra, and the adversarial pair."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def weighted_l1(made: Tensor, true: Tensor, *, weight: Tensor | None = None) -> Tensor:
    """Mean absolute difference; where a weight is given, over what it covers.

    Args:
        made: ``(B, C, ...)``.
        true: Of the same shape.
        weight: ``(B, 1, ...)``, not negative.

    Example:
        >>> one, zero = torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)
        >>> float(weighted_l1(one, zero, weight=torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])))
        1.0
    """
    difference = (made - true).abs()
    if weight is None:
        return difference.mean()
    return (difference * weight).sum() / (weight.sum() * made.shape[1]).clamp(min=1e-6)


def pyramid_l1(made: Tensor, true: Tensor, *, levels: int = 3) -> Tensor:
    """Distance of Laplacian pyramids of pictures ``(B, C, H, W)``: detail of every size counts alike.

    Stands where others compare features of a network trained on photographs, whose weights may not be shipped.

    Source: Bojanowski et al., "Optimizing the latent space of generative networks", 2018 (arXiv:1707.05776).

    Example:
        >>> float(pyramid_l1(torch.ones(1, 3, 16, 16), torch.zeros(1, 3, 16, 16), levels=2))  # no detail but the mean
        1.0
    """
    difference, total = made - true, torch.zeros((), device=made.device)
    for _ in range(levels):
        small = nn.functional.avg_pool2d(difference, 2)
        grown = nn.functional.interpolate(small, size=difference.shape[-2:], mode="bilinear", align_corners=False)
        total = total + (difference - grown).abs().mean()
        difference = small
    return total + difference.abs().mean()


def texture_l1(made: Tensor, true: Tensor, *, size: int = 6) -> Tensor:
    """Distance of how rough pictures ``(B, C, H, W)`` are from place to place, whatever the detail is.

    A blurred guess has the least mean error; this is what it lacks.

    Args:
        made: The picture.
        true: Of the same shape.
        size: Of the places, in pixels.

    Example:
        >>> stripes = torch.zeros(1, 1, 12, 12)
        >>> stripes[..., ::2] = 1
        >>> float(texture_l1(stripes.roll(1, -1), stripes))  # moved by a pixel, but as rough
        0.0
    """
    rough = []
    for picture in (made, true):
        steps = picture.diff(dim=-1)[..., 1:, :].abs() + picture.diff(dim=-2)[..., :, 1:].abs()
        rough.append(nn.functional.avg_pool2d(steps, size, stride=max(size // 2, 1)))
    return (rough[0] - rough[1]).abs().mean()


def gradient_energy(picture: Tensor, *, weight: Tensor) -> Tensor:
    """How much detail pictures ``(B, C, H, W)`` have where ``weight (B, 1, H, W)`` is: a measure, not to be trained on.

    Example:
        >>> ramp = torch.arange(4.0).expand(1, 1, 4, 4)
        >>> float(gradient_energy(ramp, weight=torch.ones(1, 1, 4, 4)))
        9.0
    """
    gray = picture.mean(dim=1, keepdim=True)
    slopes = gray.diff(dim=-1)[..., 1:, :] ** 2 + gray.diff(dim=-2)[..., :, 1:] ** 2
    return (slopes * weight[..., 1:, 1:]).sum()


def feature_matching(made: Sequence[Tensor], true: Sequence[Tensor]) -> Tensor:
    """Mean distance of a discriminator's features, layer by layer; the true ones are not trained.

    Source: Wang et al., pix2pixHD, 2018 (arXiv:1711.11585).
    """
    distances = [nn.functional.l1_loss(a, b.detach()) for a, b in zip(made, true, strict=True)]
    return torch.stack(distances).mean()


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor], *, kind: str = "hinge") -> Tensor:
    """What a discriminator learns: real scores up, fake scores down.

    Args:
        real: Scores of real examples, one tensor a discriminator.
        fake: Scores of made ones.
        kind: ``"hinge"`` (Lim and Ye 2017, arXiv:1705.02894) or ``"lsgan"`` (Mao et al. 2017, arXiv:1611.04076).

    Raises:
        ValueError: Another kind.

    Example:
        >>> up, down = [torch.full((1, 1), 2.0)], [torch.full((1, 1), -2.0)]
        >>> float(discriminator_loss(up, down)), float(discriminator_loss(down, up))
        (0.0, 6.0)
    """
    if kind == "hinge":
        parts = [torch.relu(1 - r).mean() + torch.relu(1 + f).mean() for r, f in zip(real, fake, strict=True)]
    elif kind == "lsgan":
        parts = [((r - 1) ** 2).mean() + (f**2).mean() for r, f in zip(real, fake, strict=True)]
    else:
        raise ValueError(f"adversarial loss {kind!r} is not 'hinge' or 'lsgan'")
    return torch.stack(parts).mean()


def generator_loss(fake: Sequence[Tensor], *, kind: str = "hinge") -> Tensor:
    """What a generator learns from a discriminator's scores of what it made; see ``discriminator_loss``.

    Raises:
        ValueError: Another kind.
    """
    if kind not in ("hinge", "lsgan"):
        raise ValueError(f"adversarial loss {kind!r} is not 'hinge' or 'lsgan'")
    parts = [(-f).mean() if kind == "hinge" else ((f - 1) ** 2).mean() for f in fake]
    return torch.stack(parts).mean()


def gradient_penalty(scores: Sequence[Tensor], real: Tensor) -> Tensor:
    """R1: the squared slope of the mean score of each real example, which must require gradients.

    Source: Mescheder et al., "Which training methods for GANs do actually converge?", 2018 (arXiv:1801.04406).
    """
    total = torch.stack([score.flatten(1).mean(dim=1).sum() for score in scores]).sum()
    (slope,) = torch.autograd.grad(total, real, create_graph=True)
    penalty: Tensor = slope.pow(2).flatten(1).sum(dim=1).mean()
    return penalty
