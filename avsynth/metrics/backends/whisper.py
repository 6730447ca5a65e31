"""Recognizer: Whisper by faster-whisper, with a model that the user has on disk."""

from __future__ import annotations

from pathlib import Path

from faster_whisper import WhisperModel

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError, ModelError
from avsynth.core.media import Waveform
from avsynth.models.ctranslate2_file import whisper_folder

_RATE = 16_000


class WhisperRecognizer:
    """Nothing is fetched: ``$AVSYNTH_WHISPER`` names a folder with a model in CTranslate2's form.

    Args:
        folder: Instead of the one that is named there.
        threads: Of the CPU.

    Raises:
        ModelError: No folder is named, or it holds no model.
    """

    name = "faster-whisper"

    def __init__(self, folder: Path | None = None, *, threads: int = 1) -> None:
        place = whisper_folder(folder)
        try:
            self._model = WhisperModel(
                str(place), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(f"{place} holds no Whisper model that can be read: {str(error).splitlines()[0]}") from None
        self._languages = frozenset(self._model.supported_languages)

    def understands(self, language: str) -> bool:
        """Whatever the model was trained on."""
        return language.lower().partition("-")[0] in self._languages

    def transcribe(self, waveform: Waveform, *, language: str) -> str:
        """What is said, with capitals and punctuation; greedy, so the same sound gives the same words.

        Raises:
            InputError: The model does not know the language.
        """
        if not self.understands(language):
            raise InputError(f"this Whisper model does not know {language!r}")
        segments, _ = self._model.transcribe(
            resample(waveform, _RATE).mono(),
            language=language.lower().partition("-")[0],
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
        )
        return " ".join(segment.text.strip() for segment in segments)
