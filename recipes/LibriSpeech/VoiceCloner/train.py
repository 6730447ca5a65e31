"""Trains the converter of the cloner `neural` on what prepare.py measured.

python recipes/LibriSpeech/VoiceCloner/train.py recipes/LibriSpeech/VoiceCloner/hparams/base.yaml \
    --manifest voices.json --output run
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from torch.utils.data import Subset

from avsynth.models.ctranslate2_file import whisper_folder
from avsynth.models.hub import load_into
from avsynth.models.neural_vocoder import NeuralVocoder
from avsynth.models.speech_discriminator import MelDiscriminator
from avsynth.models.voice_converter import CONTENT, EMBEDDING, VoiceConverter
from avsynth.models.voice_listeners import load_listeners
from avsynth.models.whisper_encoder import WhisperOfMel, load_whisper
from avsynth.training.backends.brain import seed_all, training_device
from avsynth.training.backends.converter import ConverterBrain, Voices
from avsynth.training.command import Run, command, report
from avsynth.training.export import export
from avsynth.training.hparams import Duel, Schedule, load_hparams
from avsynth.voice.content import Hearing
from avsynth.voice.weights import CONVERTER, VOCODER


@dataclass(frozen=True)
class Hparams:
    """The settings of this recipe.

    Attributes:
        schedule: How long and how fast.
        duel: Generator against discriminator.
        width: Channels of the converter.
        frames: Length of a window, 10 ms each.
        reference: Most frames of the voice to look up.
        dropout: Share of channels dropped.
        encoders: Whether encoders say what voice they hear; they need their weights.
        others: Whether speech is also said in other voices than its own; for that, encoders say what they hear.
        gaps: Share of the windows that have a gap in which no phone is heard.
        listen_every: In how many steps the encoders listen once.
        half: Whether convolutions run in bfloat16: twice as fast where the processor can.
        most: Recordings to train on, the first ones; 0 takes all.
        again: Whether to start from the weights in pretrained/voice_converter.
        understood: Whether Whisper's encoder, from the folder in $AVSYNTH_WHISPER, says what is understood.
    """

    schedule: Schedule
    duel: Duel
    width: int
    frames: int
    reference: int
    dropout: float = 0.1
    encoders: bool = True
    others: bool = False
    gaps: float = 0.0
    listen_every: int = 1
    half: bool = False
    most: int = 0
    again: bool = False
    understood: bool = False


def train(run: Run) -> None:
    """Train, export."""
    settings = load_hparams(run.hparams, Hparams)
    seed_all(run.seed)
    voices = partial(
        Voices, run.manifest, frames=settings.frames, reference=settings.reference, device=training_device()
    )
    data = voices("train", chance=True)
    generator = VoiceConverter(settings.width, dropout=settings.dropout)
    if settings.again:
        load_into(generator, card=CONVERTER)
    brain = ConverterBrain(
        {
            "generator": generator.train(),
            "discriminator": MelDiscriminator(CONTENT + EMBEDDING),
        },
        duel=settings.duel,
        schedule=settings.schedule,
        output=run.output,
        seed=run.seed,
        threads=run.threads,
        progress=report,
    )
    brain.half, brain.listen_every, brain.gaps = settings.half, settings.listen_every, settings.gaps
    if settings.encoders:
        vocoder = NeuralVocoder()
        load_into(vocoder, card=VOCODER)
        if settings.others:
            brain.hearing = Hearing(Hearing.load().network.to(brain.device))
        if settings.understood:
            whisper = load_whisper(whisper_folder())
            brain.understanding = WhisperOfMel(whisper, vocoder=vocoder).to(brain.device)
        brain.encoders = {name: each.to(brain.device) for name, each in load_listeners(vocoder).items()}
    few = Subset(data, range(settings.most or len(data)))
    valid = voices("valid", chance=False)
    brain.train_on(few, valid=valid, weights=data.weights[: len(few)])
    export(brain.best(), card=Path(__file__).parent / "card.toml", output=run.output, half=True)


main = partial(command, train, about=str(__doc__))

if __name__ == "__main__":
    sys.exit(main())
