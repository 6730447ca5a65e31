"""The loop on a line that is to be found: it learns, and a broken run ends where an unbroken one does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from avsynth.core.errors import InputError
from avsynth.training.backends.adversarial import AdversarialBrain, Judgement, Losses
from avsynth.training.backends.brain import TrainingBrain
from avsynth.training.hparams import Duel, Schedule
from avsynth.training.log import read_log

SCHEDULE = Schedule(
    steps=30,
    batch_size=4,
    weights={"l2": 1.0},
    learning_rate=0.3,
    warmup_steps=5,
    final_rate=0.5,
    averaging=0.9,
    checkpoint_steps=7,
    log_steps=5,
    validate_steps=10,
)


class Points:
    """18 noisy points of y = 2 x + 1: no whole number of batches, and noise that every look draws anew."""

    def __len__(self) -> int:
        return 18

    def __getitem__(self, index: int) -> Tensor:
        x = index / 18
        return torch.tensor([x, 2 * x + 1 + 0.01 * np.random.randn() + 0.01 * torch.randn(()).item()])  # noqa: NPY002


class Line(TrainingBrain):
    averaged = "line"
    die_at = 0

    def losses(self, batch: Any) -> dict[str, Tensor]:
        if self.die_at and self.optimizer_step == self.die_at:
            raise KeyboardInterrupt
        return {"l2": ((self.modules["line"](batch[:, :1]) - batch[:, 1:]) ** 2).mean()}


def line(folder: Path, schedule: Schedule = SCHEDULE, *, seed: int = 3, die_at: int = 0) -> Line:
    torch.manual_seed(seed)
    brain = Line({"line": nn.Linear(1, 1)}, schedule=schedule, output=folder, seed=seed, threads=1)
    brain.die_at = die_at
    return brain


def weights(brain: TrainingBrain) -> list[float]:
    return [v for p in (*brain.modules.parameters(), *brain.best().parameters()) for v in p.flatten().tolist()]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Line:
    brain = line(tmp_path_factory.mktemp("whole"))
    brain.train_on(Points(), valid=Points())
    return brain


def test_the_loss_falls_and_is_logged(whole: Line) -> None:
    rows = read_log(whole.output / "log.csv")
    assert [row["step"] for row in rows] == [5, 10, 15, 20, 25, 30]
    assert rows[-1]["l2"] < 0.1 * rows[0]["l2"]
    measured = read_log(whole.output / "valid.csv")
    assert [row["step"] for row in measured] == [10, 20, 30]


@pytest.mark.parametrize("die_at", [3, 7, 16, 29])
def test_a_killed_run_ends_as_one_that_was_not(whole: Line, tmp_path: Path, die_at: int) -> None:
    """Before the first checkpoint, at one, in the fifth epoch, and after the last but one."""
    with pytest.raises(KeyboardInterrupt):
        line(tmp_path, die_at=die_at).train_on(Points(), valid=Points())
    again = line(tmp_path, seed=3)
    again.train_on(Points(), valid=Points())
    assert weights(again) == weights(whole)
    rows, other = (read_log(b.output / "log.csv") for b in (again, whole))
    assert [(r["step"], r["l2"]) for r in rows] == [(r["step"], r["l2"]) for r in other]


def test_a_run_that_is_done_stays_done(whole: Line) -> None:
    before = weights(whole)
    again = line(whole.output)
    again.train_on(Points())
    assert again.optimizer_step == 30
    assert weights(again) == before


def test_the_seed_decides(whole: Line, tmp_path: Path) -> None:
    same, other = line(tmp_path / "same"), line(tmp_path / "other", seed=4)
    for brain in (same, other):
        brain.train_on(Points(), valid=Points())
    assert weights(same) == weights(whole)
    assert weights(other) != weights(whole)


def test_a_run_without_time_stops_with_a_checkpoint(tmp_path: Path) -> None:
    brain = line(tmp_path, replace(SCHEDULE, minutes=1e-9))
    brain.train_on(Points())
    assert brain.optimizer_step == 0
    brain = line(tmp_path, replace(SCHEDULE, steps=9, checkpoint_steps=1000))
    brain.train_on(Points())
    again = line(tmp_path)
    again.train_on(Points())
    assert again.optimizer_step == 30


def test_what_cannot_be_trained_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to train on"):
        line(tmp_path).train_on([])
    with pytest.raises(InputError, match="no weight for the loss 'l2'"):
        line(tmp_path, replace(SCHEDULE, weights={})).train_on(Points())
    with pytest.raises(InputError, match="lower the learning rate"):
        line(tmp_path).train_on([torch.tensor([float("nan"), 1.0])] * 4)


class Shift(AdversarialBrain):
    """Moves noise about 0 to where the real numbers lie, about 3, by the duel alone."""

    def make(self, batch: Any) -> Tensor:
        made: Tensor = self.modules["generator"](0.1 * torch.randn(len(batch), 1))
        return made

    def real(self, batch: Any) -> Tensor:
        real: Tensor = batch
        return real

    def judge(self, batch: Any, example: Tensor) -> Judgement:
        hidden = torch.tanh(self.modules["discriminator"][0](example))
        return [self.modules["discriminator"][1](hidden)], [hidden]

    def distances(self, batch: Any, made: Tensor) -> Losses:
        return {"none": 0 * made.mean()}

    def auxiliary(self, batch: Any) -> Tensor:
        return ((self.modules["mean"].weight - batch.mean()) ** 2).mean()


class Threes:
    def __len__(self) -> int:
        return 16

    def __getitem__(self, index: int) -> Tensor:
        return torch.tensor([3 + 0.1 * np.random.randn()], dtype=torch.float32)  # noqa: NPY002


def shift(folder: Path, kind: Any, steps: int = 200) -> Shift:
    torch.manual_seed(1)
    modules = {
        "generator": nn.Linear(1, 1),
        "discriminator": nn.Sequential(nn.Linear(1, 8), nn.Linear(8, 1)),
        "mean": nn.Linear(1, 1, bias=False),
    }
    names = {"none": 1.0, "adversarial": 1.0, "features": 5.0}
    schedule = Schedule(steps=steps, batch_size=8, weights=names, learning_rate=0.03, checkpoint_steps=50, log_steps=10)
    duel = Duel(kind=kind, start=5, learning_rate=0.03, penalty=0.1, penalty_every=4)
    return Shift(modules, schedule=schedule, duel=duel, output=folder, seed=1, threads=1)


@pytest.mark.parametrize("kind", ["hinge", "lsgan"])
def test_the_duel_brings_the_generator_to_the_truth(tmp_path: Path, kind: str) -> None:
    brain = shift(tmp_path, kind)
    before = brain.modules["generator"].bias.item()
    brain.train_on(Threes())
    assert abs(brain.modules["generator"].bias.item() - 3) < 0.5 < abs(before - 3)
    assert abs(brain.modules["mean"].weight.item() - 3) < 0.3  # trained by its own loss
    columns = set(read_log(tmp_path / "log.csv")[0])
    assert columns >= {"auxiliary", "discriminator", "adversarial", "features", "total"}
    assert all(p.requires_grad for p in brain.modules.parameters())


def test_a_broken_duel_goes_on_exactly(tmp_path: Path) -> None:
    whole = shift(tmp_path / "whole", "hinge", steps=40)
    whole.train_on(Threes())
    first = shift(tmp_path / "parts", "hinge", steps=23)
    first.train_on(Threes())
    again = shift(tmp_path / "parts", "hinge", steps=40)
    again.train_on(Threes())
    assert weights(again) == weights(whole)
