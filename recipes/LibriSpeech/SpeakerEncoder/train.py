"""Trains a speaker encoder on a few hundred voices and on voices made from them.

python recipes/LibriSpeech/SpeakerEncoder/train.py hparams/coach.yaml --manifest voices.json --output run
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from speechbrain.nnet.losses import AdditiveAngularMargin, LogSoftmaxWrapper
from torch import Tensor, nn
from torch.utils.data import Dataset

from avsynth.media.read import read_audio
from avsynth.metrics.speaker import equal_error
from avsynth.models.speaker_encoder import DIMENSION, SAMPLE_RATE, Coach, Judge
from avsynth.training.backends.brain import Batch, Losses, TrainingBrain, seed_all
from avsynth.training.backends.disguise import Disguise
from avsynth.training.command import Run, command, report
from avsynth.training.export import export
from avsynth.training.hparams import Schedule, load_hparams
from avsynth.training.manifest import place_of, read_manifest


@dataclass(frozen=True)
class Hparams:
    """The settings of this recipe.

    Attributes:
        schedule: How long and how fast; a batch is of voices, two pieces of each.
        network: Which encoder.
        width: Channels of its convolutions.
        bodies: Factors by which a voice is played faster: pitch and formants rise, and it is another voice's.
        jitter: How far the factor varies within a voice, share.
        tempo: How far a voice's speed varies, share.
        seconds: Least and greatest length of a piece.
        margin: Of the additive angular softmax.
        scale: Of the same.
        half: Convolutions in bfloat16: twice as fast where the processor has it, slow where not.
        disguise: Rooms, lines and noise.
    """

    schedule: Schedule
    network: Literal["coach", "judge"]
    width: int
    bodies: tuple[float, ...]
    jitter: float
    tempo: float
    seconds: tuple[float, float]
    margin: float
    scale: float
    half: bool = False
    disguise: Disguise = field(default_factory=Disguise)


class Voices(Dataset[dict[str, Tensor]]):
    """Two pieces of a voice from different halves of its recording. Each body of a speaker is a voice of its own."""

    def __init__(self, sounds: Sequence[NDArray[np.float32]], settings: Hparams, *, still: bool = False) -> None:
        self.sounds, self.settings, self.still = sounds, settings, still

    def __len__(self) -> int:
        return len(self.sounds) * len(self.settings.bodies)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        speaker, body = divmod(index, len(self.settings.bodies))
        sound = self.sounds[speaker]
        border = len(sound) // 2
        pieces = [self._piece(half, self.settings.bodies[body]) for half in (sound[:border], sound[border:])]
        return {"sound": torch.from_numpy(np.stack(pieces)), "voice": torch.tensor(index)}

    def _piece(self, sound: NDArray[np.float32], body: float) -> NDArray[np.float32]:
        length = round(self.settings.seconds[1] * SAMPLE_RATE)
        if not self.still:
            body *= 1 + np.random.uniform(-1, 1) * self.settings.jitter  # noqa: NPY002 - the run saves this state
        needed = round(length * body) + 64
        sound = np.pad(sound, (0, max(0, needed - len(sound))), mode="wrap")
        start = 0 if self.still else np.random.randint(len(sound) - needed + 1)  # noqa: NPY002
        piece: NDArray[np.float32] = soxr.resample(sound[start : start + needed], body, 1.0, quality="MQ")
        return np.pad(piece, (0, max(0, length - len(piece))))[:length]


class EncoderBrain(TrainingBrain):
    """Classification with an angular margin, and the right one of the batch's other pieces."""

    averaged = "encoder"
    settings: Hparams

    def losses(self, batch: Batch) -> Losses:
        """Of pieces in disguise; of a step all are equally long and fast."""
        settings = self.settings
        sound = batch["sound"].flatten(0, 1)
        features = self.modules["encoder"].features(settings.disguise(sound, sample_rate=SAMPLE_RATE))
        frames = round(np.random.uniform(settings.seconds[0] / settings.seconds[1], 1) * features.shape[2])  # noqa: NPY002
        speed = 1 + np.random.uniform(-1, 1) * settings.tempo  # noqa: NPY002
        features = nn.functional.interpolate(features[..., :frames], scale_factor=speed, mode="linear")
        with torch.autocast(features.device.type, torch.bfloat16, enabled=settings.half):
            vectors = self.modules["encoder"](features).float()
        classes = nn.functional.normalize(self.modules["classes"].weight, dim=1)
        margin = LogSoftmaxWrapper(AdditiveAngularMargin(settings.margin, settings.scale))
        voices = batch["voice"].repeat_interleave(2)
        first, second = vectors[0::2], vectors[1::2]
        likeness = settings.scale / 2 * first @ second.T
        places = torch.arange(len(first), device=first.device)
        return {
            "margin": margin((vectors @ classes.T)[:, None], voices[:, None]),
            "pairs": nn.functional.cross_entropy(likeness, places) + nn.functional.cross_entropy(likeness.T, places),
        }

    def validation(self, batch: Batch) -> dict[str, Tensor]:
        """How well voices that were never trained on are told apart, two seconds against two."""
        encoder = self.best()
        first, second = (encoder(encoder.features(batch["sound"][:, side])) for side in (0, 1))
        likeness = (first @ second.T).cpu().numpy()
        own = np.eye(len(likeness), dtype=bool)
        rate, _ = equal_error(likeness[own], others=likeness[~own])
        told = {"equal_error": rate, "own": likeness[own].mean(), "others": likeness[~own].mean()}
        return {name: torch.tensor(float(value)) for name, value in told.items()}


def read_sounds(manifest: Path, split: str) -> list[NDArray[np.float32]]:
    """One recording ``(T,)`` a speaker."""
    items = read_manifest(manifest).part(split)
    paths = [place_of(item.files["sound"], manifest=manifest) for item in items]
    return [read_audio(path, sample_rate=SAMPLE_RATE).mono() for path in paths]


def train(run: Run) -> None:
    """Train, export."""
    settings = load_hparams(run.hparams, Hparams)
    voices = Voices(read_sounds(run.manifest, "train"), settings)
    seed_all(run.seed)
    encoder = Coach(settings.width) if settings.network == "coach" else Judge(settings.width)
    brain = EncoderBrain(
        {"encoder": encoder, "classes": nn.Linear(DIMENSION, len(voices), bias=False)},
        schedule=settings.schedule,
        output=run.output,
        seed=run.seed,
        threads=run.threads,
        progress=report,
    )
    brain.settings = settings
    brain.train_on(voices, valid=Voices(read_sounds(run.manifest, "valid"), settings, still=True))
    export(brain.best(), card=Path(__file__).parent / f"{settings.network}.toml", output=run.output)


main = partial(command, train, about=str(__doc__))

if __name__ == "__main__":
    sys.exit(main())
