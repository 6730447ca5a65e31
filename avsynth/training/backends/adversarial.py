"""The one adversarial loop: a generator learns from its own losses and from a discriminator that learns beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from avsynth.models.losses import discriminator_loss, feature_matching, generator_loss, gradient_penalty
from avsynth.training.backends.brain import Batch, Losses, TrainingBrain, numbers
from avsynth.training.hparams import Duel

GENERATOR, DISCRIMINATOR, AUXILIARY = "generator", "discriminator", "auxiliary"
ADVERSARIAL, FEATURES = "adversarial", "features"  # names of the losses the duel adds

Judgement = tuple[Sequence[Tensor], Sequence[Tensor]]


class AdversarialBrain(TrainingBrain):
    """Trains ``modules["generator"]`` against ``modules["discriminator"]``; a subclass fills in five verbs.

    Other modules are trained by ``auxiliary`` alone; the generator's losses pass through them unchanged.

    Args:
        modules: By name; at least generator and discriminator.
        duel: How the two are trained against each other.
        more: As of ``TrainingBrain``.
    """

    averaged = GENERATOR

    def __init__(self, modules: Any, *, duel: Duel, **more: Any) -> None:
        self.duel = duel
        super().__init__(modules, **more)

    def make(self, batch: Batch) -> Tensor:
        """What the generator makes of a batch."""
        raise NotImplementedError

    def real(self, batch: Batch) -> Tensor:
        """The true example, of the same shape."""
        raise NotImplementedError

    def judge(self, batch: Batch, example: Tensor) -> Judgement:
        """The discriminator's scores of examples, and the features they came from."""
        raise NotImplementedError

    def distances(self, batch: Batch, made: Tensor) -> Losses:
        """How far what was made is from the truth, by the names that ``schedule.weights`` weighs."""
        raise NotImplementedError

    def auxiliary(self, batch: Batch) -> Tensor | None:
        """A loss that trains the other modules, such as a measure the generator is held to."""
        return None

    def groups(self) -> dict[str, Sequence[str]]:
        """Generator, discriminator, and the rest."""
        rest = tuple(name for name in self.modules if name not in (GENERATOR, DISCRIMINATOR))
        return {name: (name,) for name in (GENERATOR, DISCRIMINATOR)} | ({AUXILIARY: rest} if rest else {})

    def base_rate(self, group: str) -> float:
        """The discriminator has its own."""
        return self.duel.learning_rate if group == DISCRIMINATOR else self.schedule.learning_rate

    def betas(self, group: str) -> tuple[float, float]:
        """The discriminator has its own."""
        return self.duel.betas if group == DISCRIMINATOR else self.schedule.betas

    def losses(self, batch: Batch) -> Losses:
        """The generator's distances alone."""
        return self.distances(batch, self.make(batch))

    def learn(self, batch: Batch) -> dict[str, float]:
        """The auxiliary modules, then the discriminator, then the generator: a step each."""
        told: dict[str, float] = {}
        aid = self.auxiliary(batch)
        if aid is not None:
            self.descend(aid, AUXILIARY)
            told[AUXILIARY] = float(aid.detach())
        made = self.make(batch)
        # The columns of the log are the same from the first step on.
        told[DISCRIMINATOR] = self._discriminate(batch, made.detach()) if self._duels() else 0.0
        self._train_only(GENERATOR)
        losses = self.distances(batch, made)
        if self._duels():
            scores, features = self.judge(batch, made)
            with torch.no_grad():
                true = self.judge(batch, self.real(batch))[1]
            losses[ADVERSARIAL] = generator_loss(scores, kind=self.duel.kind)
            losses[FEATURES] = feature_matching(features, true)
        total = self.weighted(losses)
        self.descend(total, GENERATOR)
        self._train_only(None)
        empty = {ADVERSARIAL: 0.0, FEATURES: 0.0}
        return told | empty | numbers({**losses, "total": total})

    def _duels(self) -> bool:
        return bool(self.optimizer_step >= self.duel.start)

    def _discriminate(self, batch: Batch, made: Tensor) -> float:
        duel = self.duel
        lazy = duel.penalty > 0 and self.optimizer_step % duel.penalty_every == 0
        real = self.real(batch).detach().requires_grad_(lazy)
        true, fake = self.judge(batch, real)[0], self.judge(batch, made)[0]
        loss = discriminator_loss(true, fake, kind=duel.kind)
        if lazy:
            loss = loss + 0.5 * duel.penalty * duel.penalty_every * gradient_penalty(true, real)
        self.descend(loss, DISCRIMINATOR)
        return float(loss.detach())

    def _train_only(self, name: str | None) -> None:
        """Let gradients reach the weights of one module only, or of all."""
        for other, module in self.modules.items():
            module.requires_grad_(name in (None, other))
