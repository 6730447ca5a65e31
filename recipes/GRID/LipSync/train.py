"""Trains the mouth refiner of the `gan` renderer on what prepare.py drew.

python recipes/GRID/LipSync/train.py recipes/GRID/LipSync/hparams/base.yaml --manifest pairs.json --output run
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from avsynth.lipsync.refine import network_planes
from avsynth.models.losses import gradient_energy, pyramid_l1, texture_l1, weighted_l1
from avsynth.models.mouth_refiner import LipReader, MouthRefiner, PatchDiscriminator, placed
from avsynth.training.backends.adversarial import AdversarialBrain, Judgement
from avsynth.training.backends.brain import Batch, Losses, seed_all
from avsynth.training.command import Run, command, report
from avsynth.training.export import export
from avsynth.training.hparams import Duel, Schedule, load_hparams
from avsynth.training.manifest import place_of, read_manifest


@dataclass(frozen=True)
class Hparams:
    """The settings of this recipe.

    Attributes:
        schedule: How long and how fast.
        duel: Generator against discriminator.
        widths: Of the generator's levels.
        light: How far each picture's light is changed at random, share of full.
        mouth: How much more the lips weigh than the skin around them.
        most: Pairs to train on, the first ones; 0 takes all.
    """

    schedule: Schedule
    duel: Duel
    widths: tuple[int, ...]
    light: float = 0.15
    mouth: float = 3.0
    most: int = 0


class Pairs(Dataset[dict[str, Tensor]]):
    """Drawn and filmed mouths, mirrored and in changed light where they are trained on."""

    def __init__(self, manifest: Path, split: str, *, light: float = 0.0, mirror: bool = False) -> None:
        self.light, self.mirror = light, mirror
        items = read_manifest(manifest).part(split)
        files = [np.load(place_of(item.files["pairs"], manifest=manifest)) for item in items]
        parts = [{name: file[name] for name in ("sketch", "truth", "lips")} for file in files]
        self.arrays = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]} if parts else {}
        people = np.repeat([item.facts["person"] for item in items], [len(p["truth"]) for p in parts])
        counts = {str(name): int((people == name).sum()) for name in np.unique(people)}
        self.weights = [counts[str(name)] ** -0.5 for name in people]  # few pairs of a person weigh more

    def __len__(self) -> int:
        return len(self.arrays.get("truth", ()))

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        planes = network_planes(self.arrays["sketch"][index])
        film = np.moveaxis(self.arrays["truth"][index], -1, 0).astype(np.float32) / 127.5 - 1
        lips = self.arrays["lips"][index].astype(np.float32)
        if self.mirror and np.random.rand() < 0.5:  # noqa: NPY002 - the run saves this state
            planes, film = planes[..., ::-1], film[..., ::-1]
        if self.light:
            gain, shift = (np.random.uniform(-self.light, self.light, (3, 1, 1)) for _ in range(2))  # noqa: NPY002
            pictures = [planes[0:3], planes[7:10], planes[10:13], film]
            lit = [np.clip(p * (1 + gain) + shift, -1, 1).astype(np.float32) for p in pictures]
            planes, film = np.concatenate([lit[0], planes[3:7], lit[1], lit[2]]), lit[3]
        arrays = {"planes": planes, "film": film, "lips": lips}
        return {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}


class RefinerBrain(AdversarialBrain):
    """L1, pyramid, texture, feature matching, adversarial and lip losses."""

    mouth: float = 0.0

    def make(self, batch: Batch) -> Tensor:
        """The refined mouth in the film."""
        return placed(batch["planes"], change=self.modules["generator"](batch["planes"]), film=batch["film"])

    def real(self, batch: Batch) -> Tensor:
        """The film."""
        return batch["film"]

    def judge(self, batch: Batch, example: Tensor) -> Judgement:
        """Patch by patch."""
        judged: Judgement = self.modules["discriminator"](example, batch["planes"])
        return judged

    def distances(self, batch: Batch, made: Tensor) -> Losses:
        """The picture's distance, and whether the lips are where they should be."""
        planes, film = batch["planes"], batch["film"]
        weight = planes[:, 3:4] * (1 + self.mouth * planes[:, 4:6].sum(dim=1, keepdim=True).clamp(max=1))
        return {
            "l1": weighted_l1(made, film, weight=weight),
            "pyramid": pyramid_l1(made, film),
            "texture": texture_l1(made, film),
            "lips": torch.nn.functional.smooth_l1_loss(self.modules["reader"](made), batch["lips"]),
        }

    def auxiliary(self, batch: Batch) -> Tensor:
        """The reader learns from real pictures only."""
        loss: Tensor = torch.nn.functional.smooth_l1_loss(self.modules["reader"](batch["film"]), batch["lips"])
        return loss

    def validation(self, batch: Batch) -> dict[str, Tensor]:
        """The distances of the averaged network, and of mouths that are left as they were drawn."""
        planes, film = batch["planes"], batch["film"]
        changes = {"refined": self.best()(planes), "drawn": torch.zeros_like(film)}
        lips = (planes[:, 4:6].sum(dim=1, keepdim=True) > 0).float()
        true, told = gradient_energy(film, weight=lips), {}
        for name, change in changes.items():
            made = placed(planes, change=change, film=film)
            told[f"l1_{name}"] = weighted_l1(made, film, weight=lips)
            told[f"sharpness_{name}"] = gradient_energy(made, weight=lips) / true
        return told


def train(run: Run) -> None:
    """Train, export."""
    settings = load_hparams(run.hparams, Hparams)
    data = Pairs(run.manifest, "train", light=settings.light, mirror=True)
    seed_all(run.seed)
    brain = RefinerBrain(
        {"generator": MouthRefiner(settings.widths), "discriminator": PatchDiscriminator(), "reader": LipReader()},
        duel=settings.duel,
        schedule=settings.schedule,
        output=run.output,
        seed=run.seed,
        threads=run.threads,
        progress=report,
    )
    brain.mouth = settings.mouth
    few = Subset(data, range(settings.most or len(data)))
    brain.train_on(few, valid=Pairs(run.manifest, "valid"), weights=data.weights[: len(few)])
    export(brain.best(), card=Path(__file__).parent / "card.toml", output=run.output)


main = partial(command, train, about=str(__doc__))

if __name__ == "__main__":
    sys.exit(main())
