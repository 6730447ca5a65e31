"""Disguises change what they say they change, by as much as they say."""

from __future__ import annotations

import pytest
import torch

from avsynth.training.backends.disguise import Disguise

RATE = 16_000
NOTHING = Disguise(channel_db=0.0, band_share=0.0, reverb_share=0.0, noise_share=0.0, gain_db=0.0)


@pytest.fixture
def sound() -> torch.Tensor:
    torch.manual_seed(1)
    return 0.1 * torch.randn(6, RATE)


def change(sound: torch.Tensor, **how: object) -> torch.Tensor:
    torch.manual_seed(2)
    return Disguise(**({**vars(NOTHING), **how}))(sound, sample_rate=RATE)  # type: ignore[arg-type]


def power_db(sound: torch.Tensor) -> torch.Tensor:
    return 10 * torch.log10(sound.square().mean(dim=-1))


def test_no_disguise_is_none(sound: torch.Tensor) -> None:
    assert torch.allclose(change(sound), sound, atol=1e-6)


def test_the_level_changes_row_by_row_within_its_bounds(sound: torch.Tensor) -> None:
    gains = power_db(change(sound, gain_db=12.0)) - power_db(sound)
    assert gains.abs().max() <= 12
    assert gains.std() > 2
    assert torch.allclose(change(sound, gain_db=12.0), sound * 10 ** (gains[:, None] / 20), atol=1e-5)


def test_a_channel_stays_within_its_curve(sound: torch.Tensor) -> None:
    change_db = 20 * torch.log10(torch.fft.rfft(change(sound, channel_db=6.0)).abs() / torch.fft.rfft(sound).abs())
    middle = change_db.unfold(1, 200, 200).median(dim=2).values  # single bins leak into their neighbors
    assert middle.abs().max() < 6.5
    assert (middle.max(dim=1).values - middle.min(dim=1).values).min() > 1


def test_a_narrow_band_loses_what_lies_above(sound: torch.Tensor) -> None:
    lost = torch.fft.rfft(change(sound, band_share=1.0)).abs() / torch.fft.rfft(sound).abs()
    assert lost[:, 7600:].median() < 0.01
    assert lost[:, 100:3000].median() == pytest.approx(1, abs=0.01)


def test_noise_is_as_loud_as_asked_for(sound: torch.Tensor) -> None:
    noise = change(sound, noise_share=1.0, noise_db=(20.0, 20.0)) - sound
    assert torch.allclose(power_db(sound) - power_db(noise), torch.full((6,), 20.0), atol=0.1)


def test_a_room_rings_after_the_voice() -> None:
    click = torch.zeros(4, RATE)
    click[:, 100] = 1
    heard = change(click, reverb_share=1.0)
    assert torch.allclose(heard[:, 100], torch.ones(4), atol=0.2)
    assert heard[:, :100].abs().max() < 1e-5
    early, late = heard[:, 101:1500].square().sum(dim=1), heard[:, 1500:].square().sum(dim=1)
    assert bool((early > late).all())
    assert bool((early + late < 10**-0.29).all())  # 3 to 20 dB below the voice
    assert bool((early + late > 10**-2.01).all())


def test_the_same_chance_gives_the_same_disguise(sound: torch.Tensor) -> None:
    full = vars(Disguise())
    assert torch.equal(change(sound, **full), change(sound, **full))
