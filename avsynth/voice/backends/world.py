"""The first cloner: espeak-ng speaks, WORLD gives it the pitch and timbre of the enrolled voice."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.media import Waveform
from avsynth.core.serial import from_json
from avsynth.core.span import Span
from avsynth.core.speech import Speech, VoiceProfile, VoiceStatistics
from avsynth.text import espeak
from avsynth.voice.conversion import convert
from avsynth.voice.pitch import track
from avsynth.voice.rhythm import FASTEST, Piece, Place, cut_into_pieces, edges_in_samples
from avsynth.voice.statistics import measure
from avsynth.voice.vocoder import FRAME_SECONDS, Array, WorldFrames, analyze, synthesize

SAMPLE_RATE = 24_000  # espeak-ng speaks at 22.05 kHz; 24 kHz is the next rate that divides a film's 48 kHz
NATURAL_WORDS_PER_MINUTE = 160
_RATES = 80, 450  # words a minute that espeak-ng can
_LEAD, _TAIL = Fraction(1, 50), Fraction(1, 20)  # seconds kept before the first phoneme and after the last


VARIANTS = "default", "f2"  # a man of 103 Hz and a woman of 198 Hz; more of them did not come nearer to real voices
# The first list of the Harvard sentences (IEEE, 1969): English phonemes in their usual shares.
HARVARD = (
    "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. "
    "It's easy to tell the depth of a well. These days a chicken leg is a rare dish. "
    "Rice is often served in round bowls. The juice of lemons makes fine punch. "
    "The box was thrown beside the parked truck. The hogs were fed chopped corn and garbage. "
    "Four hours of steady work faced us. A large size in stockings is hard to sell."
)


@dataclass(frozen=True)
class Bases:
    """How espeak-ng's own voices sound; written by ``benchmarks/voice.py --bases``, checked by a test."""

    voices: dict[str, VoiceStatistics]


def measure_base(variant: str) -> VoiceStatistics:
    """Measure one of espeak-ng's voices reading the Harvard sentences."""
    return measure(_say(HARVARD, language="en", variant=variant, words_per_minute=NATURAL_WORDS_PER_MINUTE).waveform)


@cache
def bases() -> Bases:
    """The measured base voices, by espeak-ng's name of the variant."""
    text = files("avsynth.voice.backends").joinpath("world_bases.json").read_text(encoding="utf-8")
    return from_json(text, Bases, source="world_bases.json")


class WorldCloner:
    """Training-free cloning in every language of espeak-ng, with phoneme times that are exact by construction.

    It gives the right sex, age and melody rather than the person. Output is one channel at 24 kHz.
    """

    name = "world"
    sample_rate = SAMPLE_RATE

    def languages(self) -> tuple[str, ...]:
        """Every language of espeak-ng."""
        return espeak.languages()

    def clone(
        self, text: str, *, profile: VoiceProfile, language: str, duration: Fraction | None = None, seed: int = 0
    ) -> Speech:
        """Speak ``text``; with ``duration`` the speech lasts exactly that, rounded to whole samples.

        Within 0.7 to 1.4 of the natural length espeak-ng's own speaking rate does most of it and the rest is moved
        between pauses, vowels and consonants. A longer place ends in silence; a shorter one is spoken as fast as it
        must be, and ``Speech.stretch`` says so.

        Raises:
            InputError: Nothing to say, an unknown language, or a place too short for its phonemes.
        """
        variant = nearest_base(profile.statistics)
        natural = _say(text, language=language, variant=variant, words_per_minute=NATURAL_WORDS_PER_MINUTE)
        place = Place.of(duration, natural=natural.duration, sample_rate=SAMPLE_RATE)
        spoken_so = natural if place.factor == 1 else _say_near(text, language, variant, place.factor)
        sound = resample(spoken_so.waveform, SAMPLE_RATE).mono()
        f0 = track(sound, sample_rate=SAMPLE_RATE)
        frames = convert(
            analyze(sound, f0_hz=f0, sample_rate=SAMPLE_RATE),
            source=bases().voices[variant],
            target=profile.statistics,
            seed=seed,
        )
        edges = edges_in_samples(spoken_so.pieces, samples=place.spoken, sample_rate=SAMPLE_RATE)
        out = synthesize(_move(frames, spoken_so.pieces, edges), length=place.spoken)
        return place.fill(out, pieces=spoken_so.pieces, edges=edges, language=language)


def nearest_base(target: VoiceStatistics) -> str:
    """The base voice whose pitch is nearest the target's: the man's below about 140 Hz, the woman's above."""
    voices = bases().voices
    return min(voices, key=lambda name: abs(np.log(voices[name].f0_median_hz / target.f0_median_hz)))


@dataclass(frozen=True)
class _Spoken:
    """espeak-ng's speech, cut to what is said."""

    waveform: Waveform
    pieces: tuple[Piece, ...]

    @property
    def duration(self) -> Fraction:
        return self.pieces[-1].span.end - self.pieces[0].span.start


def _say(text: str, *, language: str, variant: str, words_per_minute: int) -> _Spoken:
    said = espeak.speak(
        text,
        language=language,
        words_per_minute=words_per_minute,
        voice_variant=None if variant == "default" else variant,
    )
    first, last = said.phonemes[0].span.start, said.phonemes[-1].span.end
    within = Span(max(Fraction(0), first - _LEAD), min(said.waveform.duration, last + _TAIL))
    return _Spoken(said.waveform, cut_into_pieces(said.phonemes, within=within))


def _say_near(text: str, language: str, variant: str, factor: Fraction) -> _Spoken:
    """Speak at the rate that should give ``factor`` of the natural length."""
    factor = max(factor, FASTEST)
    rate = min(max(round(NATURAL_WORDS_PER_MINUTE / factor), _RATES[0]), _RATES[1])
    return _say(text, language=language, variant=variant, words_per_minute=rate)


def _move(frames: WorldFrames, pieces: tuple[Piece, ...], edges: tuple[int, ...]) -> WorldFrames:
    """Read frames along the piecewise-linear map that takes each piece to its place between ``edges``."""
    natural = [float(piece.span.start) for piece in pieces] + [float(pieces[-1].span.end)]
    count = int(edges[-1] / (SAMPLE_RATE * FRAME_SECONDS)) + 2
    times = np.interp(np.arange(count) * FRAME_SECONDS, np.array(edges) / SAMPLE_RATE, natural)
    at = np.clip(times / FRAME_SECONDS, 0, len(frames.f0_hz) - 1.001)
    low = at.astype(int)
    weight = (at - low)[:, None]
    return WorldFrames(
        _between_pitches(frames.f0_hz, low=low, weight=weight[:, 0]),
        np.exp(_between(np.log(frames.envelope), low=low, weight=weight)),
        _between(frames.aperiodicity, low=low, weight=weight),
        frames.sample_rate,
    )


def _between(values: Array, *, low: NDArray[np.int_], weight: Array) -> Array:
    result: Array = values[low] * (1 - weight) + values[low + 1] * weight
    return result


def _between_pitches(f0_hz: Array, *, low: NDArray[np.int_], weight: Array) -> Array:
    """Pitch is mixed between two voiced frames and taken from the nearer frame otherwise."""
    first, second = f0_hz[low], f0_hz[low + 1]
    mixed = first * (1 - weight) + second * weight
    result: Array = np.where((first > 0) & (second > 0), mixed, np.where(weight < 0.5, first, second))
    return result
