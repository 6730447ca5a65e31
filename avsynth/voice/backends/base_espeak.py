"""The base ``espeak``: espeak-ng speaks a hundred languages, robotically, with exact phoneme times."""

from __future__ import annotations

from avsynth.core.speech import Speech
from avsynth.text import espeak
from avsynth.voice.backends.base_pitch import stock, voices_of
from avsynth.voice.bases import Voice, require_pace, required_voice

_NATURAL_WORDS_PER_MINUTE = 160
_PLAIN = "default"


class EspeakBase:
    """espeak-ng with its own throats; their pitch was measured in English and hardly differs elsewhere."""

    name = "espeak"
    sample_rate = 22_050
    knows_phonemes = True

    def languages(self) -> tuple[str, ...]:
        """Every language of espeak-ng."""
        return espeak.languages()

    def voices(self, language: str) -> tuple[Voice, ...]:
        """The same throats in every language.

        Raises:
            InputError: espeak-ng does not speak the language; the message lists near tags.
        """
        espeak.find_voice(language)
        return voices_of(self.name)

    def speak(self, text: str, *, language: str, voice: str = "", pace: float = 1.0) -> Speech:
        """Speak ``text``; pace is espeak-ng's words a minute, and its pauses follow.

        Raises:
            InputError: As ``BaseVoice.speak`` says.
        """
        rate = round(_NATURAL_WORDS_PER_MINUTE * require_pace(pace))
        name = required_voice(self, voice=voice, names=stock(self.name))
        said = espeak.speak(
            text, language=language, words_per_minute=rate, voice_variant=None if name == _PLAIN else name
        )
        return Speech(said.waveform, said.timeline, language)
