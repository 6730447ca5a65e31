"""The training loop: SpeechBrain's Brain with its checkpointer, made exact to resume, bounded in time and logged."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from speechbrain.core import Brain, Stage
from speechbrain.utils.checkpoints import (
    Checkpointer,
    mark_as_loader,
    mark_as_saver,
    register_checkpoint_hooks,
)
from speechbrain.utils.epoch_loop import EpochCounter
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, default_collate

from avsynth.core.errors import InputError
from avsynth.core.progress import Progress, silent
from avsynth.models.redirects import quiet_redirects
from avsynth.training.hparams import Schedule
from avsynth.training.log import Log
from avsynth.training.order import Order

quiet_redirects()

_EPOCHS = 10**9  # a run is bounded by steps and minutes
_MAIN = "model"  # name of the group that one optimizer trains

Batch = Any
Losses = dict[str, Tensor]


@register_checkpoint_hooks
class _Chance:
    """What a run must find again besides weights: random states, the log's open sums, and the time it took."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.count, self.seconds = 0, 0.0

    @mark_as_saver
    def _save(self, path: Path) -> None:
        kind: Any = np.random.get_state()  # noqa: NPY002 - a data set may use it
        name, keys, place, *gauss = kind
        state = {"torch": torch.get_rng_state(), "python": random.getstate(), "seconds": self.seconds}
        state |= {"numpy": (name, keys.tolist(), place, *gauss), "sums": self.sums, "count": self.count}
        torch.save(state, path)

    @mark_as_loader
    def _recover(self, path: Path, end_of_epoch: bool) -> None:
        state = torch.load(path, weights_only=True)
        torch.set_rng_state(state["torch"])
        random.setstate(state["python"])
        name, keys, *rest = state["numpy"]
        np.random.set_state((name, np.array(keys, np.uint32), *rest))  # noqa: NPY002
        self.sums, self.count, self.seconds = state["sums"], state["count"], state["seconds"]


class TrainingBrain(Brain):
    """Trains modules on a map-style data set; a subclass says what the losses are.

    A run that was killed and started again gives the same weights as one that was not (on the same machine, with as
    many threads). ``output`` gets ``checkpoints/``, ``log.csv`` and ``valid.csv``.

    Args:
        modules: By name.
        schedule: How long and how fast.
        output: Folder of the run; what lies there is gone on from.
        seed: Of everything random.
        threads: Of the CPU; 0 leaves torch's own choice.
        progress: Told the steps.
    """

    averaged: str = ""  # name of the module whose moving average is kept and exported

    def __init__(
        self,
        modules: Mapping[str, nn.Module],
        *,
        schedule: Schedule,
        output: Path,
        seed: int = 0,
        threads: int = 0,
        progress: Progress = silent,
    ) -> None:
        if threads:
            torch.set_num_threads(threads)
        self.schedule, self.output, self.seed, self.progress = schedule, output, seed, progress
        self.chance, self.epochs = _Chance(), EpochCounter(_EPOCHS)
        self.valid_loader: Any = None
        self.deadline = math.inf
        kept = {**modules, "epochs": self.epochs, "chance": self.chance}
        checkpointer = Checkpointer(output / "checkpoints", kept)
        options = {"noprogressbar": True, "device": training_device()}
        super().__init__(modules=dict(modules), run_opts=options, checkpointer=checkpointer)
        self.average = self._average()

    def losses(self, batch: Batch) -> Losses:
        """The losses of one batch, by the names that ``schedule.weights`` weighs."""
        raise NotImplementedError

    def validation(self, batch: Batch) -> dict[str, Tensor]:
        """What is measured of one batch of the validation set."""
        return self.losses(batch)

    def groups(self) -> dict[str, Sequence[str]]:
        """Names of the modules that each optimizer trains."""
        return {_MAIN: tuple(self.modules)}

    def best(self) -> nn.Module:
        """The module to export: the moving average where one is kept."""
        if self.average is not None:
            return self.average.module
        return self.modules[self.averaged or next(iter(self.modules))]

    def train_on(self, data: Any, *, valid: Any = None, weights: Sequence[float] | None = None) -> None:
        """Train until the steps or the minutes are used up, from the last checkpoint where there is one.

        Args:
            data: A map-style data set.
            valid: One to measure on.
            weights: How often each example is taken; see ``Order``.

        Raises:
            InputError: There is nothing to train on.
        """
        if not len(data):
            raise InputError("there is nothing to train on; look at what prepare.py found")
        size = self.schedule.batch_size
        self.train_sampler = Order(len(data), batch_size=size, seed=self.seed, weights=weights)
        options = {"generator": torch.Generator(), "collate_fn": joined}
        loader = DataLoader(data, batch_sampler=self.train_sampler, **options)
        if valid is not None and len(valid):
            self.valid_loader = DataLoader(valid, batch_size=size, **options)
        self.started = time.monotonic()
        self.deadline = self.started + 60 * (self.schedule.minutes or math.inf)
        self.fit(self.epochs, loader)

    def on_fit_start(self) -> None:
        """Find the last checkpoint, and take from the log what came after it."""
        seed_all(self.seed)
        super().on_fit_start()
        self.before = self.chance.seconds
        self.output.mkdir(parents=True, exist_ok=True)
        self.log = Log(self.output / "log.csv", step=self.optimizer_step)
        self.valid_log = Log(self.output / "valid.csv", step=self.optimizer_step)

    def on_stage_start(self, stage: Stage, epoch: int | None = None) -> None:
        """Leave out the batches of a broken epoch that are done."""
        if stage == Stage.TRAIN:
            self.train_sampler.skip = self.step

    def on_stage_end(self, stage: Stage, stage_loss: float, epoch: int | None = None) -> None:
        """Nothing: checkpoints come by step."""

    def init_optimizers(self) -> None:
        """One AdamW for each group."""
        self.optimizers_dict = {
            name: torch.optim.AdamW(
                [p for module in modules for p in self.modules[module].parameters()],
                lr=self.base_rate(name),
                betas=self.betas(name),
                weight_decay=self.schedule.weight_decay,
            )
            for name, modules in self.groups().items()
        }
        for name, optimizer in self.optimizers_dict.items():
            self.checkpointer.add_recoverable(f"optimizer_{name}", optimizer)

    def base_rate(self, group: str) -> float:
        """Learning rate of a group, before warm-up and decay."""
        return self.schedule.learning_rate

    def betas(self, group: str) -> tuple[float, float]:
        """Adam's moments of a group."""
        return self.schedule.betas

    def fit_batch(self, batch: Batch) -> Tensor:
        """One step: learn, average, log, save."""
        for name, optimizer in self.optimizers_dict.items():
            for group in optimizer.param_groups:
                group["lr"] = self.base_rate(name) * self._rate()
        losses = self.learn(self.to_device(batch))
        self.optimizer_step += 1
        if self.average is not None:
            self.average.update_parameters(self.modules[self.averaged])
        self._record(losses)
        return torch.tensor(losses["total"])

    def learn(self, batch: Batch) -> dict[str, float]:
        """Take one step of every optimizer; gives the losses."""
        losses = self.losses(batch)
        total = self.weighted(losses)
        self.descend(total, *self.optimizers_dict)
        return numbers({**losses, "total": total})

    def weighted(self, losses: Losses) -> Tensor:
        """The sum of the losses with their weights.

        Raises:
            InputError: One has no weight.
        """
        for name in losses:
            if name not in self.schedule.weights:
                raise InputError(f"the settings give no weight for the loss {name!r}; add it to schedule.weights")
        return torch.stack([self.schedule.weights[name] * loss for name, loss in losses.items()]).sum()

    def descend(self, loss: Tensor, *groups: str) -> None:
        """Step these groups' optimizers down the gradient of a loss.

        Raises:
            InputError: The loss is no number any more.
        """
        if not torch.isfinite(loss):
            raise InputError(f"the loss became {loss.item()} at step {self.optimizer_step}; lower the learning rate")
        loss.backward()
        for name in groups:
            optimizer = self.optimizers_dict[name]
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            nn.utils.clip_grad_norm_(parameters, self.schedule.largest_gradient)
            optimizer.step()
        for optimizer in self.optimizers_dict.values():
            optimizer.zero_grad(set_to_none=True)

    def to_device(self, batch: Batch) -> Batch:
        """The batch where the modules are."""
        if isinstance(batch, Tensor):
            return batch.to(self.device)
        if isinstance(batch, Mapping):
            return {name: self.to_device(value) for name, value in batch.items()}
        if isinstance(batch, (list, tuple)):
            return [self.to_device(value) for value in batch]
        return batch

    @property
    def _optimizer_step_limit_exceeded(self) -> bool:
        """Whether the run is at its end; asked by ``fit`` before every step."""
        return self.optimizer_step >= self.schedule.steps or time.monotonic() >= self.deadline

    def _average(self) -> AveragedModel | None:
        if not (self.schedule.averaging and self.averaged):
            return None
        rule = get_ema_multi_avg_fn(self.schedule.averaging)
        average = AveragedModel(self.modules[self.averaged], multi_avg_fn=rule, use_buffers=True)
        self.checkpointer.add_recoverable("average", average)
        return average

    def _rate(self) -> float:
        """What the learning rates are multiplied by at this step."""
        schedule, step = self.schedule, self.optimizer_step
        warm = min(1.0, (step + 1) / schedule.warmup_steps) if schedule.warmup_steps else 1.0
        fall = 0.5 * (1 + math.cos(math.pi * min(step / schedule.steps, 1.0)))
        return warm * (schedule.final_rate + (1 - schedule.final_rate) * fall)

    def _record(self, losses: Mapping[str, float]) -> None:
        chance, schedule, step = self.chance, self.schedule, self.optimizer_step
        for name, value in losses.items():
            chance.sums[name] = chance.sums.get(name, 0.0) + value
        chance.count += 1
        chance.seconds = self.before + time.monotonic() - self.started
        if step % schedule.log_steps == 0:
            means = {name: value / chance.count for name, value in chance.sums.items()}
            self.log.add(step, {"seconds": chance.seconds, **means})
            chance.sums, chance.count = {}, 0
            self.progress("training", step, schedule.steps)
        if self.valid_loader is not None and step % schedule.validate_steps == 0:
            self.valid_log.add(step, self.validate())
        if step % schedule.checkpoint_steps == 0 or self._optimizer_step_limit_exceeded:
            self._save_intra_epoch_ckpt()

    def validate(self) -> dict[str, float]:
        """Means over the validation set; the run's own chance is not touched."""
        totals: dict[str, float] = {}
        self.modules.eval()
        with torch.no_grad(), torch.random.fork_rng():
            torch.manual_seed(self.seed)
            for batch in self.valid_loader:
                for name, value in self.validation(self.to_device(batch)).items():
                    totals[name] = totals.get(name, 0.0) + float(value)
        self.modules.train()
        return {name: value / len(self.valid_loader) for name, value in totals.items()}


def training_device() -> str:
    """Where networks are trained here: on the GPU where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def joined(examples: Any) -> Batch:
    """Examples as one batch; what a data set gives for many examples at once is one already."""
    return default_collate(examples) if isinstance(examples, list) else examples


def numbers(losses: Losses) -> dict[str, float]:
    """Losses without their graphs."""
    return {name: float(value.detach()) for name, value in losses.items()}


def seed_all(seed: int) -> None:
    """Seed everything random that a data set or a network may use."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.manual_seed(seed)
