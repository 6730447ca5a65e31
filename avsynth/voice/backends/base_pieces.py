"""Sentence by sentence: where text is cut for an engine that takes little at once, and how speech is joined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsynth.core.media import Waveform
from avsynth.core.span import Seconds, Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline, Speech

# After a mark that ends a sentence, unless a short word stands before it ("Dr.", "J.") or a small letter behind it.
_SENTENCE = re.compile(
    r"((?:(?<=\w\w\w[.!?…])|(?<=[^\w\s][.!?…])|(?<=[!?…]))[\"'”’»)\]]*)\s+(?=[^\s.,;:!?])(?![a-zß-ÿ])"
)
_CLAUSE = re.compile(r"(?<=[,;:–—])\s+")
_WORD = re.compile(r"\s+")
_FAINT = 0.02  # of a sentence's loudest sample: what is fainter is silence


@dataclass(frozen=True)
class Piece:
    """One sentence as spoken: its sound ``(T,)`` and its phonemes, timed from its own start."""

    samples: NDArray[np.float32]
    phonemes: tuple[PhonemeSpan, ...]


def joined(pieces: Sequence[Piece], *, sample_rate: int, language: str) -> Speech:
    """One sentence after the other."""
    phonemes: list[PhonemeSpan] = []
    start: Seconds = Fraction(0)
    for piece in pieces:
        phonemes += [PhonemeSpan(p.symbol, p.span.shift(start), p.score) for p in piece.phonemes]
        start += Fraction(len(piece.samples), sample_rate)
    sound = Waveform(np.concatenate([piece.samples for piece in pieces])[None].astype(np.float32), sample_rate)
    return Speech(sound, PhonemeTimeline(tuple(phonemes), sound.duration), language)


def until_silence(
    phonemes: tuple[PhonemeSpan, ...], *, samples: NDArray[np.float32], sample_rate: int
) -> tuple[PhonemeSpan, ...]:
    """The phonemes of a sentence, the last one not over before its sound is: an aligner may leave it too early.

    Args:
        phonemes: Of one sentence that a synthesizer said, so that what sounds is speech.
        samples: Its sound, ``(T,)``.
        sample_rate: Of it.

    Example:
        >>> sound = np.array([1.0] * 60 + [0.001] * 40, np.float32)
        >>> early, late = (PhonemeSpan("a", Span(Fraction(0), Fraction(end, 100))) for end in (40, 80))
        >>> [float(until_silence((one,), samples=sound, sample_rate=100)[-1].span.end) for one in (early, late)]
        [0.6, 0.8]
    """
    level = np.abs(samples)
    heard = np.flatnonzero(level > _FAINT * level.max(initial=0.0))
    if not phonemes or not len(heard):
        return phonemes
    end = Fraction(int(heard[-1]) + 1, sample_rate)
    last = phonemes[-1]
    if end <= last.span.end:
        return phonemes
    return (*phonemes[:-1], replace(last, span=Span(last.span.start, end)))


def sentences(text: str, *, longest: int) -> list[str]:
    """Cut text into sentences, and a sentence that is too long at commas, then between words.

    Args:
        text: In one line.
        longest: Letters a piece may have; only a single word may have more.

    Example:
        >>> sentences("Dr. Ames left. Nobody saw him, said Ann.", longest=20)
        ['Dr. Ames left.', 'Nobody saw him,', 'said Ann.']
    """
    found: list[str] = []
    for sentence in _SENTENCE.sub(r"\1\n", text).split("\n"):
        found += _shortened(sentence, longest=longest, cuts=(_CLAUSE, _WORD))
    return [piece for piece in found if any(letter.isalnum() for letter in piece)]


def _shortened(text: str, *, longest: int, cuts: tuple[re.Pattern[str], ...]) -> list[str]:
    if len(text) <= longest or not cuts:
        return [text]
    parts: list[str] = []
    for part in cuts[0].split(text):
        if parts and len(parts[-1]) + 1 + len(part) <= longest:
            parts[-1] += f" {part}"
        else:
            parts.append(part)
    return [short for part in parts for short in _shortened(part, longest=longest, cuts=cuts[1:])]
