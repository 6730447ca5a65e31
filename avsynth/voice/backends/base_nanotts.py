"""The base ``nanotts``: SVOX Pico speaks English, Spanish, French, German and Italian; its times are aligned."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import py_nanotts
from numpy.typing import NDArray

from avsynth.core.errors import InputError, ModelError
from avsynth.core.media import Waveform
from avsynth.core.speech import Speech
from avsynth.text.espeak import find_voice
from avsynth.text.normalize import normalize
from avsynth.text.writing import check_writing
from avsynth.voice.align import align
from avsynth.voice.backends.base_pieces import Piece, joined, sentences, until_silence
from avsynth.voice.backends.base_pitch import stock, voices_of
from avsynth.voice.bases import Voice, require_pace, required_language, required_voice

_VOICES = {voice.value.lower(): str(voice.value) for voice in py_nanotts.Voice}
_HOME = {"en": "en-us", "es": "es-es", "fr": "fr-fr", "de": "de-de", "it": "it-it"}
_LONGEST = 300  # letters a piece: what the engine and the aligner do well at once
_LOUDNESS = 0.5  # of the engine's own, which clips
_FULL_SCALE = 32_768
_MARKUP = str.maketrans("<>", "  ")
# Pico computes with memory it has not cleared, so that what it says depends on what the process did before: each
# sentence gets a process of its own, in which memory is fresh, and the same text gives the same bytes.
_PROGRAM = """
import sys
from py_nanotts import NanoTTS
voice, pace, volume = sys.argv[1:]
text = sys.stdin.buffer.read().decode()
sound = NanoTTS().speak(text, voice=voice, speed=float(pace), volume=float(volume))
sys.stdout.buffer.write(sound)
"""


class NanottsBase:
    """Pico's six voices, one a tag; Spanish is Castilian."""

    name = "nanotts"
    sample_rate = 16_000
    knows_phonemes = False

    def languages(self) -> tuple[str, ...]:
        """Five languages, English in two kinds."""
        return tuple(sorted(_VOICES.keys() | _HOME.keys()))

    def voices(self, language: str) -> tuple[Voice, ...]:
        """The voice of the tag; for plain English the American one, then the British.

        Raises:
            InputError: A language that Pico does not speak.
        """
        pitch = {voice.name: voice for voice in voices_of(self.name)}
        return tuple(pitch[name] for name in self._names(language))

    def speak(self, text: str, *, language: str, voice: str = "", pace: float = 1.0) -> Speech:
        """Speak ``text``, a sentence at a time; the phonemes are those that the aligner knows.

        Raises:
            InputError: As ``BaseVoice.speak`` says.
            ModelError: The engine broke down.
        """
        name = required_voice(self, voice=voice, names=self._names(language))
        require_pace(pace)
        clean = normalize(text, language=language).translate(_MARKUP)
        check_writing(clean, voice=find_voice(name))
        pieces = [self._piece(sentence, name, pace) for sentence in sentences(clean, longest=_LONGEST)]
        if not any(piece.phonemes for piece in pieces):
            raise InputError(f"there is nothing to say in {text!r}; give words")
        return joined(pieces, sample_rate=self.sample_rate, language=language)

    def _names(self, language: str) -> tuple[str, ...]:
        tag = required_language(self, language)
        first = _HOME.get(tag, tag)
        same = [name for name in stock(self.name) if name.startswith(first[:2])]
        return tuple(sorted(same, key=lambda name: name != first))

    def _piece(self, sentence: str, voice: str, pace: float) -> Piece:
        samples = _say(sentence, voice=_VOICES[voice], pace=pace)
        if not np.abs(samples).max(initial=0.0) > 1e-3:  # a mark with no name, such as a lone "²"
            return Piece(samples, ())
        timeline = align(Waveform(samples[None], self.sample_rate), text=sentence, language=voice)
        return Piece(samples, until_silence(timeline.phonemes, samples=samples, sample_rate=self.sample_rate))


def _say(text: str, *, voice: str, pace: float) -> NDArray[np.float32]:
    command = [sys.executable, "-P", "-c", _PROGRAM, voice, str(pace), str(_LOUDNESS)]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    if done.returncode != 0:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise ModelError(f"nanotts could not say {text[:40]!r} ({reason[0]}); choose another base, such as espeak")
    return np.frombuffer(done.stdout, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)
