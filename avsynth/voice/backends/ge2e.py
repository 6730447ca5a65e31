"""Speaker encoder: GE2E with Resemblyzer's published weights, taken from its wheel without installing it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avsynth.core.media import Waveform
from avsynth.models.ge2e import DIMENSION, SAMPLE_RATE, Ge2e
from avsynth.models.hub import load_into
from avsynth.voice.backends.listening import prepare

CARD = "speaker_encoder/ge2e"


class Ge2eEncoder:
    """256 numbers a voice. Cosines: .88 for one speaker's two recordings, .54 for two speakers', .74 between.

    Raises:
        ModelError: The weights cannot be obtained, or are not the ones of the card.
    """

    name = "ge2e"
    dimension = DIMENSION
    sample_rate = SAMPLE_RATE

    def __init__(self) -> None:
        self._network = Ge2e()
        load_into(self._network, card=CARD, ignore=("similarity_weight", "similarity_bias"))

    def embed(self, waveform: Waveform) -> NDArray[np.float32]:
        """Give the unit vector ``(256,)``.

        Raises:
            InputError: The sound is shorter than half a second or silent.
        """
        embedding: NDArray[np.float32] = self._network.embed(prepare(waveform, sample_rate=SAMPLE_RATE))
        return embedding
