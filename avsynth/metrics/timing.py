"""Is speech as long as it was asked to be, and are its phonemes where its timeline says."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction

import numpy as np

from avsynth.core.media import Waveform
from avsynth.core.speech import PhonemeTimeline


def duration_error(waveform: Waveform, *, wanted: Fraction) -> int:
    """How many samples speech is longer (below 0: shorter) than it was asked to be, rounded to a whole sample.

    >>> duration_error(Waveform(np.zeros((1, 24_001), np.float32), 24_000), wanted=Fraction(1))
    1
    """
    return int(waveform.samples.shape[1]) - round(wanted * waveform.sample_rate)


@dataclass(frozen=True)
class TimelineError:
    """How far phonemes are from where they should be.

    Attributes:
        matched: Phonemes of both timelines that were compared.
        missed: Phonemes of the true timeline that the other has not.
        median_seconds: Of the distances of their starts and ends; NaN where nothing matched.
        nine_of_ten_seconds: Nine of ten are not farther.
    """

    matched: int
    missed: int
    median_seconds: float
    nine_of_ten_seconds: float


def timeline_error(timeline: PhonemeTimeline, *, truth: PhonemeTimeline) -> TimelineError:
    """Compare the starts and ends of the phonemes that two timelines of the same speech share, in their order.

    Args:
        timeline: What is claimed or was found.
        truth: What is so.

    Example:
        >>> from avsynth.core.speech import PhonemeSpan
        >>> from avsynth.core.span import Span
        >>> def line(*edges):
        ...     spans = zip("abc", edges, edges[1:], strict=False)
        ...     return PhonemeTimeline(tuple(PhonemeSpan(s, Span(Fraction(x), Fraction(y))) for s, x, y in spans), 9)
        >>> timeline_error(line(0, 1, 2, 3), truth=line(0, 1, 3, 4)).median_seconds
        0.5
    """
    ours, theirs = list(timeline), list(truth)
    blocks = SequenceMatcher(None, [p.symbol for p in ours], [p.symbol for p in theirs], autojunk=False)
    pairs = [
        (ours[a + step].span, theirs[b + step].span)
        for a, b, size in blocks.get_matching_blocks()
        for step in range(size)
    ]
    gaps = [abs(float(x)) for p, q in pairs for x in (p.start - q.start, p.end - q.end)]
    middle, far = (float(value) for value in np.percentile(gaps, [50, 90])) if gaps else (float("nan"),) * 2
    return TimelineError(len(pairs), len(theirs) - len(pairs), middle, far)
