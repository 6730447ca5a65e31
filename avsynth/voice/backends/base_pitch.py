"""Median pitch of the bases' stock voices, measured by ``python -m avsynth.voice.backends.base_pitch``.

The command speaks with every installed base and writes ``base_pitch.json`` beside this file; what is not installed
keeps the pitch it had.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from avsynth.core.errors import MissingExtraError
from avsynth.core.files import write_text
from avsynth.core.serial import from_json, to_json
from avsynth.core.speech import Speech
from avsynth.voice.bases import BASES, BaseVoice, Voice
from avsynth.voice.pitch import track

_FILE = "base_pitch.json"
_LANGUAGE: dict[str, dict[str, str]] = {  # stock voices, in the order of preference, and what each is measured in
    "hibari": {"heart": "en"},
    "nanotts": {tag: tag for tag in ("en-us", "en-gb", "es-es", "fr-fr", "de-de", "it-it")},
    "espeak": dict.fromkeys(("default", "m8", "f2", "f4"), "en"),
}
_TEXT = {
    "en": "The old man walked slowly along the river and looked at the boats. Nobody knew where he had come from.",
    "es": "El viejo caminaba despacio por la orilla y miraba los barcos. Nadie sabía de dónde había venido.",
    "fr": "Le vieil homme marchait lentement le long de la rivière. Personne ne savait d'où il était venu.",
    "de": "Der alte Mann ging langsam am Fluss entlang und sah die Boote an. Niemand wusste, woher er kam.",
    "it": "Il vecchio camminava piano lungo il fiume e guardava le barche. Nessuno sapeva da dove venisse.",
}
_NUMBERS = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10."  # every voice reads them in its own language


@dataclass(frozen=True)
class Pitches:
    """Median pitch in Hz by base and voice."""

    bases: dict[str, dict[str, float]]


@cache
def pitches() -> Pitches:
    """What was measured."""
    text = files("avsynth.voice.backends").joinpath(_FILE).read_text(encoding="utf-8")
    return from_json(text, Pitches, source=_FILE)


def stock(base: str) -> tuple[str, ...]:
    """Names of the stock voices of a base, in its order of preference, measured or not."""
    return tuple(_LANGUAGE[base])


def voices_of(base: str) -> tuple[Voice, ...]:
    """The stock voices of a base, in its order of preference."""
    measured = pitches().bases[base]
    return tuple(Voice(name, measured[name]) for name in stock(base))


def median_pitch(speech: Speech) -> float:
    """Median pitch of the voiced parts in Hz."""
    f0 = track(speech.waveform.samples[0], sample_rate=speech.waveform.sample_rate)
    return float(np.median(f0[f0 > 0]))


def measure(base: BaseVoice, *, voice: str, language: str) -> float:
    """Median pitch in Hz of a voice that reads two sentences, or numbers where there are none in its language."""
    text = _TEXT.get(language.partition("-")[0], _NUMBERS)
    return round(median_pitch(base.speak(text, language=language, voice=voice)), 1)


def write_pitches() -> None:
    """Measure every stock voice of the bases that are installed, and write the file that ``pitches`` reads."""
    found = dict(pitches().bases)
    for name, wanted in _LANGUAGE.items():
        try:
            base = BASES.get(name)()
        except MissingExtraError:
            continue
        found[name] = {voice: measure(base, voice=voice, language=language) for voice, language in wanted.items()}
    write_text(Path(__file__).with_name(_FILE), to_json(Pitches(found)))


if __name__ == "__main__":
    write_pitches()
