"""From the letters a network was given, and how long each lasts, to phonemes: marks join, pauses are heard."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan
from avsynth.text.inventory import STRESS_MARKS, canonical

_AFTER = "ːˑʰʲʷˤ˞"  # they belong to the letter before; so do combining marks
_FRAME_SECONDS = 0.005
_QUIET_DB = -40.0  # below the loud parts
_LEAST_PAUSE_SECONDS = 0.08  # a stop's closure is rarely longer
_LEAST_PHONEME_SECONDS = 0.01
_REACH_SECONDS = 0.1  # how far outside its letter the first or last phoneme may sound


@dataclass(frozen=True)
class Token:
    """A letter, and the samples ``[start, end)`` that it lasts."""

    letter: str
    start: int
    end: int


@dataclass
class _Sound:
    symbol: str
    start: int
    end: int
    pause_before: bool


def phonemes_from_tokens(
    tokens: Sequence[Token], *, samples: NDArray[np.float32], sample_rate: int, spelling: Mapping[str, str]
) -> tuple[PhonemeSpan, ...]:
    """Time the phonemes of one sentence.

    A stress mark's time is the next phoneme's, a length mark's the one before's, and a space between words is shared
    by both. Where punctuation stands, and at both ends, the sound itself tells how much is silence: networks put
    pauses partly into the phonemes beside them.

    Args:
        tokens: In order, without gaps.
        samples: What they sound like, ``(T,)``.
        sample_rate: Samples a second.
        spelling: IPA of letters that are not IPA.
    """
    sounds = _join(tokens, spelling=spelling)
    if not sounds:
        return ()
    quiet = _quiet_frames(samples, sample_rate=sample_rate)
    least = round(_LEAST_PHONEME_SECONDS * sample_rate)
    reach = round(_REACH_SECONDS * sample_rate)
    first, last = sounds[0], sounds[-1]
    onset, offset = _sounding(quiet, length=len(samples), sample_rate=sample_rate)
    first.start = max(min(onset, first.end - least), first.start - reach, 0)
    last.end = min(max(offset, last.start + least), last.end + reach, len(samples))
    for before, after in pairwise(sounds):
        if not after.pause_before:
            before.end = after.start = (before.end + after.start) // 2
            continue
        span = _longest_quiet(quiet, before.start + least, after.end - least, sample_rate)
        before.end, after.start = span or ((before.end + after.start) // 2,) * 2
    return tuple(
        PhonemeSpan(sound.symbol, Span(Fraction(sound.start, sample_rate), Fraction(sound.end, sample_rate)))
        for sound in sounds
        if sound.start < sound.end
    )


def _join(tokens: Sequence[Token], *, spelling: Mapping[str, str]) -> list[_Sound]:
    sounds: list[_Sound] = []
    stress: int | None = None
    pause = True
    for token in tokens:
        letter = token.letter
        if letter in STRESS_MARKS:
            stress = token.start if stress is None else stress
        elif sounds and (letter in _AFTER or unicodedata.combining(letter[0])):
            sounds[-1].symbol = canonical(sounds[-1].symbol + letter)
            sounds[-1].end = token.end
        elif letter.isspace():
            continue
        elif symbol := spelling.get(letter) or (canonical(letter) if unicodedata.category(letter[0])[0] == "L" else ""):
            sounds.append(_Sound(symbol, token.start if stress is None else stress, token.end, pause))
            stress, pause = None, False
        else:
            pause = True
    return sounds


def _quiet_frames(samples: NDArray[np.float32], *, sample_rate: int) -> NDArray[np.bool_]:
    """Which frames of 5 ms are silent."""
    hop = round(_FRAME_SECONDS * sample_rate)
    count = -(-len(samples) // hop)
    frames = np.pad(samples, (0, count * hop - len(samples))).reshape(count, hop)
    level = 10 * np.log10(np.square(frames, dtype=np.float64).mean(axis=1) + 1e-12)
    quiet: NDArray[np.bool_] = level < np.percentile(level, 95) + _QUIET_DB
    return quiet


def _sounding(quiet: NDArray[np.bool_], *, length: int, sample_rate: int) -> tuple[int, int]:
    """Where the first loud frame starts and the last one ends, in samples."""
    loud = np.flatnonzero(~quiet)
    hop = round(_FRAME_SECONDS * sample_rate)
    return (int(loud[0]) * hop, min(int(loud[-1] + 1) * hop, length)) if len(loud) else (0, length)


def _longest_quiet(quiet: NDArray[np.bool_], start: int, end: int, sample_rate: int) -> tuple[int, int] | None:
    """The longest silence of ``[start, end)`` in samples, if it is as long as a pause."""
    hop = round(_FRAME_SECONDS * sample_rate)
    first, last = -(-start // hop), end // hop
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet[first:last].astype(np.int8), [0]))))
    runs = [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    longest = max(runs, key=lambda run: run[1] - run[0], default=(0, 0))
    if (longest[1] - longest[0]) * _FRAME_SECONDS < _LEAST_PAUSE_SECONDS:
        return None
    return (first + longest[0]) * hop, (first + longest[1]) * hop
