from __future__ import annotations

import pytest
import torch

from avsynth.lipsync.refine import CHANNELS, SIZE
from avsynth.models.losses import (
    discriminator_loss,
    feature_matching,
    generator_loss,
    gradient_penalty,
    pyramid_l1,
    weighted_l1,
)
from avsynth.models.mouth_refiner import CHANNELS as INPUTS
from avsynth.models.mouth_refiner import LARGEST_CHANGE, LipReader, MouthRefiner, PatchDiscriminator, placed


def planes(batch: int = 2, size: int = SIZE) -> torch.Tensor:
    return torch.rand((batch, INPUTS, size, size), generator=torch.Generator().manual_seed(0))


def test_the_network_sees_what_is_sketched() -> None:
    assert INPUTS == CHANNELS


def test_untrained_it_changes_nothing() -> None:
    assert not MouthRefiner().eval()(planes()).any()


def test_it_is_small_and_its_change_bounded() -> None:
    network = MouthRefiner()
    assert sum(p.numel() for p in network.parameters()) == 523_404
    torch.nn.init.constant_(network.out.bias, 100.0)
    for size in (SIZE, 128):
        change = network.eval()(planes(size=size))
        assert change.shape == (2, 3, size, size)
        torch.testing.assert_close(change.abs().amax(), torch.tensor(LARGEST_CHANGE))


def test_the_film_stays_where_the_patch_does_not_cover() -> None:
    seen, film = planes(), torch.zeros(2, 3, SIZE, SIZE)
    seen[:, 3] = 0
    seen[:, 3, 10:20, 10:20] = 1
    made = placed(seen, change=torch.full_like(film, 0.25), film=film)
    torch.testing.assert_close(made[..., 10:20, 10:20], seen[:, :3, 10:20, 10:20] + 0.25)
    made[..., 10:20, 10:20] = 0
    assert not made.any()


def test_the_discriminator_learns_through_the_picture() -> None:
    picture = planes()[:, :3].requires_grad_()
    (scores,), features = PatchDiscriminator()(picture, planes())
    assert scores.shape == (2, 1, 12, 12)
    assert len(features) == 4
    assert float(gradient_penalty([scores], picture).detach()) > 0


def test_the_reader_measures_what_it_was_taught() -> None:
    torch.manual_seed(0)
    reader, pictures = LipReader(measures=2), torch.rand(8, 3, SIZE, SIZE)
    for row in range(8):
        pictures[row, :, 40 : 44 + 4 * row, 30:60] = -1  # mouths ever more open
    truth = torch.stack([torch.arange(8) / 4, torch.zeros(8)], dim=1)
    optimizer = torch.optim.Adam(reader.parameters(), 3e-3)
    for _ in range(40):
        loss = ((reader(pictures) - truth) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.05 * float((truth**2).mean())


def test_losses_of_known_pictures() -> None:
    one, zero = torch.ones(1, 3, 16, 16), torch.zeros(1, 3, 16, 16)
    stripes = zero.clone()
    stripes[..., ::2] = 1
    assert float(weighted_l1(stripes, zero)) == 0.5
    weight = zero[:, :1].clone()
    weight[..., 0] = 2
    assert float(weighted_l1(stripes, zero, weight=weight)) == 1.0
    assert float(pyramid_l1(one, one)) == 0
    assert float(pyramid_l1(0.5 * one, zero)) == 0.5
    assert float(pyramid_l1(stripes, zero)) == 1.0  # the same mean, but detail counts beside it
    assert float(feature_matching([one, zero], [zero, zero])) == 0.5


@pytest.mark.parametrize(("kind", "worst"), [("hinge", 4.0), ("lsgan", 5.0)])
def test_the_duel_is_won_by_the_right_scores(kind: str, worst: float) -> None:
    high, low = [torch.ones(2, 1)], [-torch.ones(2, 1)]
    assert float(discriminator_loss(low, high, kind=kind)) == worst
    assert float(discriminator_loss(high, low, kind=kind)) < worst / 2
    assert float(generator_loss(high, kind=kind)) < float(generator_loss(low, kind=kind))
    for loss in (lambda: discriminator_loss(high, low, kind="none"), lambda: generator_loss(high, kind="none")):
        with pytest.raises(ValueError, match="'hinge' or 'lsgan'"):
            loss()
