"""Speaker encoder: our own judge of clones, through which nothing is trained."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avsynth.core.media import Waveform
from avsynth.models.hub import load_into
from avsynth.models.speaker_encoder import DIMENSION, SAMPLE_RATE, Judge, embed
from avsynth.voice.backends.listening import prepare

CARD = "speaker_encoder/judge"


class JudgeEncoder:
    """192 numbers a voice. What its cosines mean: recipes/LibriSpeech/SpeakerEncoder.

    Raises:
        ModelError: The weights are not the ones of the card.
    """

    name = "judge"
    dimension = DIMENSION
    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        self._network = Judge()
        load_into(self._network, card=CARD)
        self._network.eval()

    def embed(self, waveform: Waveform) -> NDArray[np.float32]:
        """Give the unit vector ``(192,)``.

        Raises:
            InputError: The sound is shorter than half a second or silent.
        """
        return embed(self._network, prepare(waveform, sample_rate=SAMPLE_RATE))
