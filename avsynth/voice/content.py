"""What is said, frame by frame, without who says it: what the converter is fed with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from avsynth.voice.melody import Melody
from avsynth.voice.path import as_told
from avsynth.voice.phones import phones_of
from avsynth.voice.weights import PHONEMES

if TYPE_CHECKING:
    from torch import Tensor

    from avsynth.models.phoneme_net import PhonemeNet

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

    def logits(self, mel: Tensor, *, said: Sequence[str] = ()) -> Tensor:
        """Logits ``(P, T)`` of the phones in log mels ``(MELS, T)``.

        Args:
            mel: Of one recording.
            said: IPA symbols of what is said in it, where that is known; no other sounds are heard then.
        """
        import torch

        from avsynth.models.phoneme_net import leveled, loud

        with torch.no_grad():
            found: Tensor = self.network(leveled(mel)[None])[0]
        if said:
            phones = [phone for symbol in said for phone in phones_of(symbol)]
            heard = torch.log_softmax(found, dim=0).T.cpu().numpy()
            told = as_told(heard, phones=phones, loud=loud(mel).cpu().numpy())
            found = torch.from_numpy(told.T.copy()).to(found.device)
        return found

    def misheard(self, mel: Tensor, *, content: Tensor) -> Tensor:
        """How far what is heard in log mels ``(B, MELS, T)`` is from ``content (B, CONTENT, T)``, to train through.

        Returns:
            The mean divergence of the phones' chances, a frame; the network itself is not to learn from it.
        """
        import torch

        from avsynth.models.phoneme_net import leveled
        from avsynth.models.voice_converter import phone_chances

        heard = torch.log_softmax(self.network(leveled(mel)), dim=1)
        wanted = phone_chances(content)
        divergence: Tensor = torch.nn.functional.kl_div(heard, wanted, reduction="none", log_target=True)
        return divergence.sum(dim=1).mean()

    def content(self, mel: Tensor, *, melody: Melody, said: Sequence[str] = ()) -> Tensor:
        """Content ``(CONTENT, T)`` of log mels ``(MELS, T)``; the melody is as long, or almost."""
        import torch

        from avsynth.models.voice_cepstra import cepstra_of
        from avsynth.models.voice_converter import content_of, loudness_of

        count = min(mel.shape[1], len(melody))
        return content_of(
            self.logits(mel, said=said)[None, :, :count],
            loudness=loudness_of(mel[None])[:, :count],
            f0_hz=torch.from_numpy(melody.f0_hz[None, :count]).to(mel.device),
            voiced=torch.from_numpy(melody.voiced[None, :count]).float().to(mel.device),
            cepstra=cepstra_of(mel[None])[..., :count],
        )[0]


@lru_cache(maxsize=1)
def _network() -> PhonemeNet:
    from avsynth.models.hub import load_into
    from avsynth.models.phoneme_net import PhonemeNet

    network = PhonemeNet()
    load_into(network, card=PHONEMES)
    network.eval().requires_grad_(False)
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

    from avsynth.models.voice_mel import level_of

    level = torch.quantile(level_of(mel), 0.9)
    return mel + (LEVEL - level)
