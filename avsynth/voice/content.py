"""What is said, frame by frame, without who says it: what the converter is fed with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from avsynth.voice.melody import Melody

if TYPE_CHECKING:
    from torch import Tensor

    from avsynth.models.phoneme_net import PhonemeNet

CARD = "phonemes/phoneme-net"
LEVEL = 0.2  # of the loud frames of speech, natural log of magnitude: about -24 dBFS RMS


@dataclass(frozen=True)
class Hearing:
    """The phoneme network and what it says.

    Attributes:
        network: With its weights.
    """

    network: PhonemeNet

    @classmethod
    def load(cls) -> Hearing:
        """With the weights of ``pretrained/phonemes``; the aligner and the cloner share one.

        Raises:
            ModelError: They are absent or wrong.
        """
        return cls(_network())

    def logits(self, mel: Tensor) -> Tensor:
        """Logits ``(P, T)`` of the phones in log mels ``(MELS, T)``."""
        import torch

        from avsynth.models.phoneme_net import leveled

        with torch.no_grad():
            found: Tensor = self.network(leveled(mel)[None])[0]
        return found

    def content(self, mel: Tensor, *, melody: Melody) -> Tensor:
        """Content ``(CONTENT, T)`` of log mels ``(MELS, T)``; the melody is as long, or almost."""
        import torch

        from avsynth.models.voice_converter import content_of, loudness_of

        count = min(mel.shape[1], len(melody))
        return content_of(
            self.logits(mel)[None, :, :count],
            loudness=loudness_of(mel[None])[:, :count],
            f0_hz=torch.from_numpy(melody.f0_hz[None, :count]).to(mel.device),
            voiced=torch.from_numpy(melody.voiced[None, :count]).float().to(mel.device),
        )[0]


@lru_cache(maxsize=1)
def _network() -> PhonemeNet:
    from avsynth.models.hub import load_into
    from avsynth.models.phoneme_net import PhonemeNet

    network = PhonemeNet()
    load_into(network, card=CARD)
    network.eval()
    return network


def at_level(mel: Tensor) -> Tensor:
    """Log mels ``(MELS, T)`` as loud as all speech is made before it is converted.

    Example:
        >>> import torch
        >>> loud = at_level(torch.full((80, 50), -4.0))
        >>> torch.allclose(loud, at_level(loud - 3))
        True
    """
    import torch

    level = torch.quantile(torch.logsumexp(2 * mel, dim=0) / 2, 0.9)
    return mel + (LEVEL - level)
