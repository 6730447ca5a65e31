"""Movement is taken from who spoke; the mean spectrum stays that of who is to speak."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from avsynth.models.voice_articulation import articulated, moved_apart
from avsynth.models.voice_mel import MELS


def speech(seed: int) -> torch.Tensor:
    """Bands that rise and fall together over 25 of them, as formants do, and a loudness that differs."""
    generator = torch.Generator().manual_seed(seed)
    few = torch.randn(1, 6, 120, generator=generator)
    wide = torch.nn.functional.interpolate(few.transpose(1, 2), size=MELS, mode="linear").transpose(1, 2)
    return wide - 5 + torch.linspace(-1, 1, 120)


@given(share=st.floats(0, 1), gain=st.floats(-3, 3), tilt=st.floats(-3, 3))
def test_the_room_and_the_mean_of_who_spoke_do_not_matter(share: float, gain: float, tilt: float) -> None:
    made, spoken = speech(0), speech(1)
    elsewhere = spoken + gain
    assert torch.allclose(
        articulated(made, spoken=elsewhere, share=share), articulated(made, spoken=spoken, share=share), atol=1e-3
    )
    bent = made + tilt * torch.linspace(-1, 1, MELS)[:, None]
    moved = articulated(bent, spoken=spoken, share=share) - articulated(made, spoken=spoken, share=share)
    assert torch.allclose(moved, bent - made, atol=1e-3), "another mean spectrum in, the same difference out"


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_of_what_is_torn_so_much_less_is_left(share: float) -> None:
    spoken = speech(1)
    torn = spoken.clone()
    torn[..., 40:60] += 3 * torch.cos(torch.arange(MELS) / MELS * 12)[:, None]
    before = (torn - spoken)[..., 40:60].abs().mean()
    after = (articulated(torn, spoken=spoken, share=share) - spoken)[..., 40:60].abs().mean()
    # Taken out of the whole line's mean is what the torn sixth of it moved that by.
    assert float(after / before) == pytest.approx(1 - share, abs=0.25)


def test_the_share_may_change_from_frame_to_frame() -> None:
    made, spoken = speech(0), speech(1)
    share = (torch.arange(120) >= 60).float()[None]
    mixed = articulated(made, spoken=spoken, share=share)
    assert torch.equal(mixed[..., :60], made[..., :60])
    assert torch.equal(mixed[..., 60:], articulated(made, spoken=spoken, share=1.0)[..., 60:])


def test_stripes_are_taken_out_and_harmonics_are_not() -> None:
    spoken = speech(1)
    every_third = (torch.arange(MELS) % 3 == 0).float()[:, None]
    harmonics, stripes = every_third.clone(), every_third.clone()
    harmonics[20:], stripes[:45] = 0, 0
    clean = articulated(spoken, spoken=spoken, share=0.5)
    apart = articulated(spoken + harmonics + stripes, spoken=spoken, share=0.5) - clean
    assert float((apart - harmonics)[:, :18].abs().mean()) < 0.2 * float(harmonics[:18].mean())
    heard = apart[:, 48:72]  # beyond it the last band weighs most
    assert float((heard - heard.mean(dim=1, keepdim=True)).abs().mean()) < 0.1 * float(stripes[48:].mean())


@given(tilt=st.floats(-3, 3), size=st.floats(0, 2))
def test_other_movement_is_measured_and_another_mean_is_not(tilt: float, size: float) -> None:
    before = speech(0)
    moves = size * torch.sin(torch.arange(120) * torch.pi / 6)  # whole periods: the mean is 0
    made = before + tilt * torch.linspace(-1, 1, MELS)[:, None] + moves
    assert float(moved_apart(made, before)) == pytest.approx(float(moves.abs().mean()), abs=1e-4)
