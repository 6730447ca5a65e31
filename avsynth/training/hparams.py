"""Settings of a training run from YAML: read by a safe loader into strict dataclasses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from avsynth.core.errors import InputError
from avsynth.core.files import read_text
from avsynth.core.serial import from_plain

T = TypeVar("T")


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a network is trained.

    Attributes:
        steps: Batches in all; a run that has made them is done.
        batch_size: Examples a step, B.
        learning_rate: Of Adam, after the warm-up.
        warmup_steps: Over which the rate rises from 0.
        final_rate: Share of the rate that is left at the last step; it falls along a cosine.
        betas: Of Adam.
        weight_decay: Of AdamW.
        largest_gradient: Norm to which each optimizer's gradient is cut.
        averaging: Decay of the moving average of the weights; 0 keeps none.
        weights: Of the losses, by name; every loss must have one.
        checkpoint_steps: Between checkpoints; the last step has one too.
        log_steps: Between rows of ``log.csv``.
        validate_steps: Between rows of ``valid.csv``.
        minutes: A run stops after so long, with a checkpoint; 0 is no limit.
    """

    steps: int
    batch_size: int
    weights: dict[str, float]
    learning_rate: float = 2e-4
    warmup_steps: int = 0
    final_rate: float = 1.0
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0
    largest_gradient: float = 5.0
    averaging: float = 0.0
    checkpoint_steps: int = 500
    log_steps: int = 50
    validate_steps: int = 500
    minutes: float = 0.0

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "checkpoint_steps", "log_steps", "validate_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.averaging < 1:
            raise ValueError(f"averaging must lie in [0, 1), got {self.averaging}")
        if self.learning_rate <= 0:
            raise ValueError(f"learning_rate must be above 0, got {self.learning_rate}")


@dataclass(frozen=True)
class Duel:
    """How generator and discriminator are trained against each other.

    Attributes:
        kind: Of adversarial loss.
        start: Step from which the discriminator takes part.
        learning_rate: The discriminator's.
        penalty: Weight of the R1 gradient penalty; 0 is none.
        penalty_every: Steps between penalties, which then weigh as much more (lazy, as in StyleGAN 2).
    """

    kind: Literal["hinge", "lsgan"] = "hinge"
    start: int = 0
    learning_rate: float = 2e-4
    penalty: float = 0.0
    penalty_every: int = 16
    betas: tuple[float, float] = field(default=(0.5, 0.99))


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML 1.1 without objects, which also knows ``1e-4`` for a number."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+0123456789.")
)


def load_hparams(path: Path, kind: type[T], *, changes: dict[str, Any] | None = None) -> T:
    r"""Read the settings of a run.

    Args:
        path: A YAML file. Objects and tags in it are errors: nothing is executed.
        kind: The dataclass; its fields are the file's keys.
        changes: Top-level keys to replace.

    Raises:
        InputError: The file is absent or no YAML, or a key is unknown, missing or of the wrong kind.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "toy.yaml"
        >>> _ = file.write_text("steps: 10\nbatch_size: 2\nlearning_rate: 1e-3\nweights: {l1: 1}\n")
        >>> load_hparams(file, Schedule).learning_rate
        0.001
    """
    try:
        plain = yaml.load(read_text(path), Loader=_Loader)
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read as plain YAML: {told}") from None
    if not isinstance(plain, dict):
        raise InputError(f"{path} holds no settings; write one `name: value` a line")
    settings: T = from_plain(plain | (changes or {}), kind, source=str(path))
    return settings
