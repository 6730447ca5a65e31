"""Encoders that hear whose voice log mels are, so that a converter can be trained through them."""

from __future__ import annotations

from torch import Tensor, nn

from avsynth.models.ge2e import Ge2e, mel_power
from avsynth.models.hub import load_into
from avsynth.models.neural_vocoder import NeuralVocoder
from avsynth.models.speaker_encoder import Coach
from avsynth.models.voice_converter import melody_of


class Ge2eOfSound(nn.Module):
    """The GE2E encoder over the sound that the vocoder makes of mels, so that the converter can be trained through it.

    Args:
        encoder: With its weights.
        vocoder: With its weights.
    """

    def __init__(self, encoder: Ge2e, *, vocoder: NeuralVocoder) -> None:
        super().__init__()
        # An LSTM without dropout is the same in both modes, but on a GPU it can be trained through in one only.
        self.encoder, self.vocoder = encoder.train().requires_grad_(False), vocoder.eval().requires_grad_(False)

    def forward(self, mel: Tensor, content: Tensor) -> Tensor:
        """Unit vectors ``(B, D)`` of log mels ``(B, MELS, T)`` that say ``content (B, CONTENT, T)``."""
        f0_hz, voiced = melody_of(content)
        vector: Tensor = self.encoder(mel_power(self.vocoder(mel, f0_hz=f0_hz, voiced=voiced)))
        return vector


class CoachOfMel(nn.Module):
    """The encoder ``Coach``, which hears the mels themselves.

    Args:
        encoder: With its weights.
    """

    def __init__(self, encoder: Coach) -> None:
        super().__init__()
        self.encoder = encoder.eval().requires_grad_(False)

    def forward(self, mel: Tensor, content: Tensor) -> Tensor:
        """Unit vectors ``(B, D)`` of log mels ``(B, MELS, T)``, whatever they say."""
        vector: Tensor = self.encoder(mel)
        return vector


def load_listeners(vocoder: NeuralVocoder) -> dict[str, nn.Module]:
    """``ge2e`` and ``coach`` with their weights.

    Args:
        vocoder: What makes the sound that GE2E hears, with its weights.

    Raises:
        ModelError: Weights are absent or wrong.
    """
    ge2e, coach = Ge2e(), Coach()
    load_into(ge2e, card="speaker_encoder/ge2e", ignore=("similarity_weight", "similarity_bias"))
    load_into(coach, card="speaker_encoder/coach")
    return {"ge2e": Ge2eOfSound(ge2e, vocoder=vocoder), "coach": CoachOfMel(coach)}
