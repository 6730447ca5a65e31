"""Speak a line in an enrolled voice, if its speaker agreed."""

from __future__ import annotations

from fractions import Fraction

from avsynth.core.speech import Speech, VoiceProfile
from avsynth.voice.base import CLONERS, Cloner
from avsynth.voice.finish import finish
from avsynth.voice.fit import fit


def speak(
    text: str,
    *,
    profile: VoiceProfile,
    language: str,
    cloner: str = "world",
    duration: Fraction | None = None,
    seed: int = 0,
) -> Speech:
    """Speak ``text`` in the voice of ``profile``.

    Args:
        text: What to say.
        profile: Whose voice; its consent must cover the voice in ``language`` today.
        language: BCP 47 tag.
        cloner: Engine, one of ``CLONERS``.
        duration: Length of the line's place in seconds; the speech lasts exactly that, rounded to whole samples
            of the engine's rate. None: as long as it takes.
        seed: The same arguments give the same bytes.

    Returns:
        One channel at -23 dBFS RMS, peaks below -1 dBTP, pauses digitally silent.

    Raises:
        ConsentError: The speaker has not agreed to this.
        UnknownEngineError: No cloner of that name.
        InputError: Nothing to say, or the engine does not speak the language.
    """
    profile.consent.require("voice", language=language)
    engine: Cloner = CLONERS.get(cloner)()
    speech = engine.clone(text, profile=profile, language=language, duration=duration, seed=seed)
    return finish(speech if duration is None else fit(speech, duration))
