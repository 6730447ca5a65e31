"""Speak a line in an enrolled voice, if its speaker agreed."""

from __future__ import annotations

from fractions import Fraction

from avsynth.core.errors import InputError
from avsynth.core.speech import Speech, VoiceProfile
from avsynth.voice.base import CLONERS, Cloner, acts
from avsynth.voice.bases import AUTO
from avsynth.voice.delivery import Delivery
from avsynth.voice.finish import finish
from avsynth.voice.fit import fit


def speak(  # noqa: PLR0913 - a line has these sides, and each is asked for by somebody
    text: str,
    *,
    profile: VoiceProfile,
    language: str,
    cloner: str = "neural",
    duration: Fraction | None = None,
    seed: int = 0,
    delivery: Delivery | None = None,
) -> Speech:
    """Speak ``text`` in the voice of ``profile``.

    Args:
        text: What to say.
        profile: Whose voice; its consent must cover the voice in ``language`` today.
        language: BCP 47 tag.
        cloner: Engine, one of ``CLONERS``; with one of ``BASES`` after a slash (``"neural/nanotts"``) where it speaks
            over a base and is not to take the best for the language.
        duration: Length of the line's place in seconds; the speech lasts exactly that, rounded to whole samples
            of the engine's rate. None: as long as it takes.
        seed: The same arguments give the same bytes.
        delivery: How the line was spoken that this one translates; a cloner that cannot act leaves it.

    Returns:
        One channel at -23 dBFS RMS, peaks below -1 dBTP, pauses digitally silent.

    Raises:
        ConsentError: The speaker has not agreed to this.
        UnknownEngineError: No cloner or base of that name.
        InputError: Nothing to say, the engine does not speak the language, or it speaks without a base.
    """
    profile.consent.require("voice", language=language)
    engine = _engine(cloner)
    if acts(engine):
        speech = engine.clone(text, profile=profile, language=language, duration=duration, seed=seed, delivery=delivery)
    else:
        speech = engine.clone(text, profile=profile, language=language, duration=duration, seed=seed)
    return finish(speech if duration is None else fit(speech, duration))


def over(cloner: str, *, base: str) -> str:
    """The name by which ``speak`` takes a cloner over a base.

    >>> over("neural", base="nanotts"), over("neural", base="auto")
    ('neural/nanotts', 'neural')
    """
    return cloner if base == AUTO else f"{cloner}/{base}"


def _engine(name: str) -> Cloner:
    cloner, _, base = name.partition("/")
    kind = CLONERS.get(cloner)
    if not base:
        engine: Cloner = kind()
        return engine
    if not getattr(kind, "takes_base", False):
        raise InputError(f"the cloner {cloner!r} speaks without a base; leave --engine base={base} out")
    chosen: Cloner = kind(base)
    return chosen
