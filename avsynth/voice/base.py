"""What a speaker encoder and a cloner must offer, and which ones there are."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from avsynth.core.media import Waveform
from avsynth.core.registry import Registry
from avsynth.core.speech import Speech, VoiceProfile
from avsynth.voice.delivery import Delivery

PROMPT_RATE = 24_000  # of ``VoiceProfile.prompt``, the recording that some cloners imitate


class SpeakerEncoder(Protocol):
    """Turns speech into a vector that says who speaks and not what is said.

    Attributes:
        name: The engine's name in ``ENCODERS``; profiles keep it, since vectors of two encoders don't compare.
        dimension: Length of the vector, D.
        sample_rate: The rate it works at; ``embed`` takes any.
    """

    name: str
    dimension: int
    sample_rate: int

    def embed(self, waveform: Waveform) -> NDArray[np.float32]:
        """Give the unit vector of a voice, shape ``(D,)``.

        Args:
            waveform: Speech of one person, at least 0.5 s; channels are averaged.

        Raises:
            InputError: The sound is too short or silent.
        """


class Cloner(Protocol):
    """Speaks text in an enrolled voice and knows when each phoneme sounds.

    Attributes:
        name: The engine's name in ``CLONERS``.
        sample_rate: Rate of the speech it gives.
    """

    name: str
    sample_rate: int

    def languages(self) -> tuple[str, ...]:
        """BCP 47 tags it speaks, in lower case."""

    def clone(
        self,
        text: str,
        *,
        profile: VoiceProfile,
        language: str,
        duration: Fraction | None = None,
        seed: int = 0,
    ) -> Speech:
        """Speak ``text`` in one channel; the same arguments give the same bytes.

        Consent is not checked here but in ``avsynth.voice.say.speak``, the only caller in the product.

        Args:
            text: What to say.
            profile: Whose voice.
            language: BCP 47 tag.
            duration: Wished length in seconds; an engine that can reaches it to the sample, others come near.
            seed: Of whatever is random.

        Raises:
            InputError: Nothing to say, a language it does not speak, or a duration no one could speak it in.
        """


class ActingCloner(Cloner, Protocol):
    """A cloner that speaks a translation the way its original was spoken.

    Attributes:
        takes_delivery: True.
    """

    takes_delivery: bool

    def clone(
        self,
        text: str,
        *,
        profile: VoiceProfile,
        language: str,
        duration: Fraction | None = None,
        seed: int = 0,
        delivery: Delivery | None = None,
    ) -> Speech:
        """As ``Cloner.clone``; ``delivery`` says how the original line was spoken."""


def acts(cloner: Cloner) -> TypeGuard[ActingCloner]:
    """Whether a cloner takes a delivery."""
    return getattr(cloner, "takes_delivery", False)


ENCODERS = Registry(
    "encoder",
    {
        "ecapa": "avsynth.voice.backends.ecapa:EcapaEncoder",
        "ge2e": "avsynth.voice.backends.ge2e:Ge2eEncoder",
        "judge": "avsynth.voice.backends.judge:JudgeEncoder",
    },
)
CLONERS = Registry(
    "cloner",
    {
        "chatterbox": "avsynth.voice.backends.chatterbox:ChatterboxCloner",
        "neural": "avsynth.voice.backends.neural:NeuralCloner",
        "omnivoice": "avsynth.voice.backends.omnivoice:OmniVoiceCloner",
        "pocket": "avsynth.voice.backends.pocket:PocketCloner",
        "speechbrain": "avsynth.voice.backends.speechbrain_tts:SpeechBrainCloner",
        "world": "avsynth.voice.backends.world:WorldCloner",
        "xtts": "avsynth.voice.backends.xtts:XttsCloner",
    },
    extras={"omnivoice": "omnivoice", "pocket": "pocket", "xtts": "xtts"},  # chatterbox says its own two commands
)
