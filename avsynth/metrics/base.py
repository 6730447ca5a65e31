"""What a speech recognizer must offer to measure word errors, and which ones there are."""

from __future__ import annotations

from typing import Protocol

from avsynth.core.media import Waveform
from avsynth.core.registry import Registry


class Recognizer(Protocol):
    """Writes down what it hears. It measures only: nothing here is made with it.

    Attributes:
        name: The engine's name in ``RECOGNIZERS``.
    """

    name: str

    def understands(self, language: str) -> bool:
        """Whether it knows a language (BCP 47 tag)."""

    def transcribe(self, waveform: Waveform, *, language: str) -> str:
        """What is said, as the engine spells it; empty where it hears no words.

        Args:
            waveform: Speech at any rate; channels are averaged.
            language: BCP 47 tag.

        Raises:
            InputError: It does not know the language.
        """


RECOGNIZERS = Registry(
    "recognizer",
    {
        "faster-whisper": "avsynth.metrics.backends.whisper:WhisperRecognizer",
        "pocketsphinx": "avsynth.metrics.backends.sphinx:SphinxRecognizer",
    },
    extras={"faster-whisper": "judges", "pocketsphinx": "judges"},
)
