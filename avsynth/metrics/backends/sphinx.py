"""Recognizer: PocketSphinx with the English model of its own wheel."""

from __future__ import annotations

import numpy as np
from pocketsphinx import Decoder

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform

_RATE = 16_000


class SphinxRecognizer:
    """A recognizer of the 2000s: it errs much more than people do, so only differences of its rates say something."""

    name = "pocketsphinx"

    def __init__(self) -> None:
        self._decoder = Decoder(samprate=_RATE, loglevel="FATAL")

    def understands(self, language: str) -> bool:
        """English only."""
        return language.lower().partition("-")[0] == "en"

    def transcribe(self, waveform: Waveform, *, language: str) -> str:
        """What is said, in small letters.

        Raises:
            InputError: The language is not English.
        """
        if not self.understands(language):
            raise InputError(f"pocketsphinx knows English only, not {language!r}; use faster-whisper")
        sound = np.clip(resample(waveform, _RATE).mono(), -1, 1)
        self._decoder.start_stream()  # what was heard before must not tune the ear to it
        self._decoder.start_utt()
        self._decoder.process_raw((sound * 32767).astype("<i2").tobytes(), no_search=False, full_utt=True)
        self._decoder.end_utt()
        heard = self._decoder.hyp()
        return heard.hypstr if heard else ""
