"""What the refiner sees of a drawn person, and that its change lands where it belongs and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from drawn_track import drawn_track
from synth import draw_film, syllables

from avsynth.core.face import FacePatch, FaceTrack, MouthMotion
from avsynth.core.media import Frames
from avsynth.face.layouts import IBUG_68
from avsynth.lipsync.backends.footage import FootageRenderer
from avsynth.lipsync.backends.gan import GanRenderer
from avsynth.lipsync.base import Footage
from avsynth.lipsync.composite import composite
from avsynth.lipsync.plan import Plan
from avsynth.lipsync.refine import SIZE, crop_to_frame, network_planes, refined, sketch, truth
from avsynth.lipsync.trial import Trial
from avsynth.lipsync.visemes import BASIS
from avsynth.media.color import region_rgb
from avsynth.media.read import read_frames
from avsynth.models.mouth_refiner import MouthRefiner

RATE = Fraction(25)


class Drawn(NamedTuple):
    footage: Footage
    frames: Frames
    renderer: FootageRenderer
    pairs: list[tuple[FacePatch, Plan]]

    @property
    def track(self) -> FaceTrack:
        return self.footage.track


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    path = tmp_path_factory.mktemp("refine") / "drawn.mp4"
    film = draw_film(path, openings=syllables(60), pan=(24.0, 6.0))
    track = drawn_track(film, layout=IBUG_68)
    footage = Footage(film.path, track, track.visible)
    renderer = FootageRenderer()
    renderer.prepare([footage])
    (frames,) = read_frames(film.path, chunk=60)
    motion = renderer.person.follow(track, frame_rate=RATE)
    return Drawn(footage, frames, renderer, renderer.render_planned(frames, track=track, motion=motion))


def test_the_sketch_shows_film_mouth_and_motion(drawn: Drawn) -> None:
    patch, plan = drawn.pairs[20]
    person = drawn.renderer.person
    seen = sketch(drawn.frames, patch, plan=plan, bank=drawn.renderer.bank, points=person.points)
    film = truth(drawn.frames, patch, plan=plan)
    free = seen.alpha == 0
    assert 0.02 < free.mean() < 0.9
    np.testing.assert_array_equal(seen.drawn[free], film[free])
    # The person's own motion is drawn from their own footage: all of it looks like the film.
    assert np.abs(seen.drawn.astype(int) - film).mean() < 2
    assert np.abs(seen.references[..., :3].astype(int) - film).mean() < 6
    lips, opening, _ = np.moveaxis(seen.motion, -1, 0) > 127
    dark = film.mean(axis=-1) < 80  # the drawn opening
    assert (dark & opening).sum() > 0.7 * dark.sum()
    assert lips.sum() > 100
    assert not (lips & opening).any()
    planes = network_planes(seen.stack())
    assert planes.shape == (13, SIZE, SIZE)
    np.testing.assert_allclose(planes[:3], np.moveaxis(seen.drawn, -1, 0) / 127.5 - 1, atol=1e-6)
    assert planes[3:7].min() >= 0


def test_no_change_is_the_same_patch_to_the_bit(drawn: Drawn) -> None:
    for patch, plan in drawn.pairs[::20]:
        same = refined(patch, np.zeros((SIZE, SIZE, 3), np.float32), plan=plan)
        np.testing.assert_array_equal(same.image, patch.image)
        assert same.alpha is patch.alpha


def test_a_change_lands_at_its_place_and_never_outside_alpha(drawn: Drawn) -> None:
    patch, plan = drawn.pairs[20]
    change = np.zeros((SIZE, SIZE, 3), np.float32)
    change[40:50, 30:60] = -60
    made = refined(patch, change, plan=plan)
    moved = (made.image != patch.image).any(axis=-1)
    assert moved.any()
    assert not moved[patch.alpha == 0].any()
    rows, columns = np.nonzero(moved)
    where = np.array([columns.mean() + patch.left, rows.mean() + patch.top])
    wanted = crop_to_frame(plan, patch.frame - plan.start) @ [44.5, 44.5, 1]
    np.testing.assert_allclose(where, wanted, atol=1.0)
    before, after = (composite(drawn.frames, [p]).planes[0][patch.frame].astype(int) for p in (patch, made))
    outside = np.ones(before.shape, bool)
    outside[patch.top + rows.min() : patch.top + rows.max() + 1] = False
    np.testing.assert_array_equal(before[outside], after[outside])


def answer(drawn: Drawn, patch: FacePatch, *, noise: float = 0.0) -> FacePatch:
    """The patch as the film has it."""
    height, width = patch.alpha.shape
    film = region_rgb(
        drawn.frames, patch.frame - drawn.frames.start, left=patch.left, top=patch.top, width=width, height=height
    )
    spoiled = film + np.random.default_rng(patch.frame).normal(size=film.shape) * noise
    return replace(patch, image=np.clip(np.rint(spoiled), 0, 255).astype(np.uint8))


def trial_of(drawn: Drawn, *, before: float, after: float, count: int = 12) -> Trial:
    trial = Trial()
    for patch, plan in drawn.pairs[:count]:
        made = [answer(drawn, patch, noise=noise) for noise in (before, after)]
        trial.add(drawn.frames, drawn=made[0], refined=made[1], plan=plan)
    return trial


def test_a_trial_finds_what_helps(drawn: Drawn) -> None:
    better = trial_of(drawn, before=8, after=4)
    assert better.helps
    assert abs(better.gain_db - 6.02) < 0.5  # half the noise
    assert better.sharpness[0] > better.sharpness[1] > 1
    assert "corrected by the network" in better.told()
    worse = trial_of(drawn, before=4, after=8)
    assert not worse.helps
    assert "does not help" in worse.told()
    few = trial_of(drawn, before=8, after=4, count=5)
    assert not few.helps
    assert "too short" in few.told()


def test_a_blur_does_not_pass_for_a_gain(drawn: Drawn) -> None:
    """Nearer in the mean, but soft: what a network without an adversary learns."""
    trial = trial_of(drawn, before=8, after=4)
    trial.energy = np.array([1.0, 1.05, 0.7])
    assert not trial.helps


class Shade(torch.nn.Module):
    """Stands in for a network: makes every mouth darker by 40 code values."""

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        return torch.full_like(planes[:, :3], -40 / 127.5)


def test_a_network_that_makes_it_worse_is_not_used(drawn: Drawn) -> None:
    motion = MouthMotion(BASIS, np.tile(np.float32([0.6, 0, 0, 0, 0.5]), (60, 1)), RATE)
    plain = drawn.renderer.render(drawn.frames, track=drawn.track, motion=motion)
    renderer = GanRenderer(Shade())
    renderer.prepare([drawn.footage])
    (note,) = renderer.notes
    assert "does not help" in note
    for a, b in zip(renderer.render(drawn.frames, track=drawn.track, motion=motion), plain, strict=True):
        np.testing.assert_array_equal(a.image, b.image)

    assert renderer.strength == 0
    renderer.strength = 1.0
    for a, b in zip(renderer.render(drawn.frames, track=drawn.track, motion=motion), plain, strict=True):
        darker = b.image.astype(int) - a.image
        np.testing.assert_array_equal(a.alpha, b.alpha)
        assert not darker[b.alpha == 0].any()
        assert 35 < np.median(darker[(b.alpha > 0.9) & (b.image.min(axis=-1) > 60)]) <= 40


class Answer(torch.nn.Module):
    """Stands in for a network that knows half of the way to the truth: it takes back a shade that was put on."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        return torch.full_like(planes[:, :3], self.share * 20 / 127.5)


@pytest.mark.parametrize(("share", "strength"), [(1.0, 1.0), (2.0, 0.5), (-1.0, 0.0)])
def test_the_strength_that_helps_most_is_taken(
    drawn: Drawn, monkeypatch: pytest.MonkeyPatch, share: float, strength: float
) -> None:
    def shaded(self: FootageRenderer, *args: Any, **more: Any) -> list[tuple[FacePatch, Plan]]:
        pairs = plain(self, *args, **more)
        return [
            (replace(p, image=np.clip(p.image.astype(int) - 20, 0, 255).astype(np.uint8)), plan) for p, plan in pairs
        ]

    plain = FootageRenderer.render_planned
    monkeypatch.setattr(FootageRenderer, "render_planned", shaded)
    renderer = GanRenderer(Answer(share))
    renderer.prepare([drawn.footage])
    assert renderer.strength == strength
    assert ("corrected by the network" in renderer.notes[0]) == (strength > 0)


def test_an_untrained_network_draws_what_footage_draws(drawn: Drawn) -> None:
    renderer = GanRenderer(MouthRefiner())
    renderer.prepare([drawn.footage])
    assert renderer.trial is not None
    assert len(renderer.trial.drawn) >= 8
    assert renderer.trial.gain_db == 0
    motion = renderer.person.follow(drawn.track, frame_rate=RATE)
    for patch, (plain, _) in zip(
        renderer.render(drawn.frames, track=drawn.track, motion=motion), drawn.pairs, strict=True
    ):
        np.testing.assert_array_equal(patch.image, plain.image)


def test_short_footage_is_not_judged(drawn: Drawn, tmp_path: Path) -> None:
    usable = np.zeros(60, bool)
    usable[:6] = True
    renderer = GanRenderer(MouthRefiner())
    renderer.prepare([replace(drawn.footage, usable=usable)])
    assert "too short" in renderer.notes[0]
