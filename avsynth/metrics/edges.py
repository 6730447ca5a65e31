"""Is speech whole at its ends: the first and the last phoneme are there, and then there is silence."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from avsynth.core.media import Waveform
from avsynth.core.speech import PhonemeTimeline

_AFTER, _LISTENED = Fraction(1, 25), Fraction(1, 100)  # seconds: a phoneme may fade away, then nothing is to be heard
_SILENT_DB = -120.0


@dataclass(frozen=True)
class EdgeLevels:
    """How loud the ends of a line are, in dB against the line.

    Attributes:
        first_db: The first phoneme.
        last_db: The last phoneme.
        after_db: What sounds 40 to 50 ms after it; -120 where nothing does.
    """

    first_db: float
    last_db: float
    after_db: float

    def fainter_than(self, other: EdgeLevels) -> float:
        """How much fainter than in the same line elsewhere the first or the last phoneme is, in dB: a cut one is."""
        return max(other.first_db - self.first_db, other.last_db - self.last_db)


def edge_levels(waveform: Waveform, *, timeline: PhonemeTimeline) -> EdgeLevels:
    """Measure the ends of a line.

    Args:
        waveform: Of the line; of several channels their mean is heard.
        timeline: Where its phonemes are, at least one.

    Example:
        >>> from avsynth.core.span import Span
        >>> from avsynth.core.speech import PhonemeSpan
        >>> sound = np.ones((1, 1000), np.float32)
        >>> sound[:, 200:400], sound[:, 400:] = 0.1, 0
        >>> spans = (Span(Fraction(0), Fraction(1, 5)), Span(Fraction(1, 5), Fraction(2, 5)))
        >>> line = PhonemeTimeline(tuple(PhonemeSpan("a", span) for span in spans), Fraction(1))
        >>> found = edge_levels(Waveform(sound, 1000), timeline=line)
        >>> round(found.first_db, 1), round(found.last_db, 1), found.after_db
        (3.0, -17.0, -120.0)
    """
    first, last = timeline.phonemes[0].span, timeline.phonemes[-1].span
    sound, rate = waveform.mono().astype(np.float64), waveform.sample_rate

    def power(start: Fraction, end: Fraction) -> float:
        part = sound[round(start * rate) : round(end * rate)]
        return float(np.mean(part**2)) if len(part) else 0.0

    line = power(first.start, last.end)
    after = last.end + _AFTER
    parts = power(first.start, first.end), power(last.start, last.end), power(after, after + _LISTENED)
    return EdgeLevels(*(_decibels(part, line) for part in parts))


def _decibels(power: float, line: float) -> float:
    return max(10 * float(np.log10(power / line)), _SILENT_DB) if power and line else _SILENT_DB
