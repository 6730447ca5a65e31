"""Trains the neural vocoder on what prepare.py measured.

python recipes/LibriSpeech/Vocoder/train.py recipes/LibriSpeech/Vocoder/hparams/base.yaml \
    --manifest vocoder.json --output run
python recipes/LibriSpeech/Vocoder/train.py recipes/LibriSpeech/Vocoder/hparams/second.yaml \
    --manifest voices.json --output again

The second round starts from the weights of the first and learns from the mels of the converter in `pretrained`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch.utils.data import Subset

from avsynth.models.hub import load_into
from avsynth.models.neural_vocoder import NeuralVocoder
from avsynth.models.speech_discriminator import SpectrogramDiscriminator
from avsynth.models.voice_converter import VoiceConverter
from avsynth.training.backends.brain import seed_all, training_device
from avsynth.training.backends.vocoder import Converted, Crops, VocoderBrain
from avsynth.training.command import Run, command, report
from avsynth.training.export import export
from avsynth.training.hparams import Duel, Schedule, load_hparams
from avsynth.voice.weights import CONVERTER, VOCODER


@dataclass(frozen=True)
class Hparams:
    """The settings of this recipe.

    Attributes:
        schedule: How long and how fast.
        duel: Generator against discriminators.
        width: Channels of the generator.
        depth: Blocks of the generator.
        frames: Length of a crop, 10 ms each.
        converted: Whether it learns from the converter's mels; the manifest is then that of the recipe VoiceCloner.
        half: Whether the converter runs in bfloat16.
        most: Recordings to train on, the first ones; 0 takes all.
    """

    schedule: Schedule
    duel: Duel
    width: int
    depth: int
    frames: int
    converted: bool = False
    half: bool = False
    most: int = 0


def train(run: Run) -> None:
    """Train, export."""
    settings = load_hparams(run.hparams, Hparams)
    seed_all(run.seed)
    data: Crops | Converted
    if settings.converted:
        voices = partial(Converted, run.manifest, device=training_device())
        data = voices("train", frames=settings.frames, chance=True)
        valid: Crops | Converted = voices("valid", frames=4 * settings.frames, chance=False)
    else:
        data = Crops(run.manifest, "train", frames=settings.frames, disguise=True)
        valid = Crops(run.manifest, "valid", frames=4 * settings.frames, disguise=False)
    generator = NeuralVocoder(settings.width, settings.depth)
    if settings.converted:  # the second round goes on from the weights of the first
        load_into(generator, card=VOCODER)
    brain = VocoderBrain(
        {
            "generator": generator,
            "discriminator": SpectrogramDiscriminator(),
        },
        duel=settings.duel,
        schedule=settings.schedule,
        output=run.output,
        seed=run.seed,
        threads=run.threads,
        progress=report,
    )
    if settings.converted:
        converter = VoiceConverter()
        load_into(converter, card=CONVERTER)
        brain.converter, brain.half = converter.eval().requires_grad_(False).to(brain.device), settings.half
    few = Subset(data, range(settings.most or len(data)))
    brain.train_on(few, valid=valid, weights=data.weights[: len(few)])
    export(brain.best(), card=Path(__file__).parent / "card.toml", output=run.output)


main = partial(command, train, about=str(__doc__))

if __name__ == "__main__":
    sys.exit(main())
