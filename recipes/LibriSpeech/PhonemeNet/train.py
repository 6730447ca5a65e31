"""Trains the phoneme network on what prepare.py collected.

python recipes/LibriSpeech/PhonemeNet/train.py recipes/LibriSpeech/PhonemeNet/hparams/base.yaml \
    --manifest phonemes.json --output run
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch.utils.data import Subset

from avsynth.models.hub import load_into
from avsynth.models.phoneme_net import PhonemeNet
from avsynth.training.backends.brain import seed_all, training_device
from avsynth.training.backends.phonemes import PhonemeBrain, Windows
from avsynth.training.command import Run, command, report
from avsynth.training.export import export
from avsynth.training.hparams import Schedule, load_hparams
from avsynth.voice.weights import PHONEMES


@dataclass(frozen=True)
class Hparams:
    """The settings of this recipe.

    Attributes:
        schedule: How long and how fast.
        width: Channels of the network.
        window_frames: Length of a window, 10 ms each.
        dropout: Share of channels dropped.
        most: Recordings to train on, the first ones; 0 takes all.
        again: Whether to start from the weights in pretrained/phonemes, the round before.
        half: Whether convolutions run in bfloat16: twice as fast where the processor can.
    """

    schedule: Schedule
    width: int
    window_frames: int
    dropout: float = 0.1
    most: int = 0
    again: bool = False
    half: bool = False


def train(run: Run) -> None:
    """Train, export."""
    settings = load_hparams(run.hparams, Hparams)
    seed_all(run.seed)
    data = Windows(run.manifest, "train", length=settings.window_frames, disguise=True, device=training_device())
    network = PhonemeNet(settings.width, dropout=settings.dropout)
    if settings.again:
        load_into(network, card=PHONEMES)
    brain = PhonemeBrain(
        {"network": network},
        schedule=settings.schedule,
        output=run.output,
        seed=run.seed,
        threads=run.threads,
        progress=report,
    )
    brain.half = settings.half
    few = Subset(data, range(settings.most or len(data)))
    length = 4 * settings.window_frames
    valid = Windows(run.manifest, "valid", length=length, disguise=False, device=training_device())
    brain.train_on(few, valid=valid, weights=data.weights[: len(few)])
    export(brain.best(), card=Path(__file__).parent / "card.toml", output=run.output)


main = partial(command, train, about=str(__doc__))

if __name__ == "__main__":
    sys.exit(main())
