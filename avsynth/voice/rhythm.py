"""How a spoken line is made longer or shorter: pauses give first, then vowels, then consonants."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline, Speech
from avsynth.text.articulation import features

FASTEST, SLOWEST = Fraction(7, 10), Fraction(7, 5)  # of the natural length; outside, speech sounds driven or drawled

# How far each kind stretches before the next is touched. Speakers who hurry shorten pauses most and vowels more than
# consonants (Gay, "Effect of speaking rate on vowel formant movements", 1978; Crystal and House, 1990).
_GIVES: dict[str, tuple[float, float]] = {"pause": (0.4, 1.8), "vowel": (0.8, 1.3), "consonant": (0.9, 1.15)}


@dataclass(frozen=True)
class Piece:
    """One phoneme, or a pause where ``phoneme`` is None, and when it sounds in the natural speech."""

    kind: Literal["pause", "vowel", "consonant"]
    span: Span
    phoneme: PhonemeSpan | None = None


@dataclass(frozen=True)
class Place:
    """The place that a line is spoken into.

    Attributes:
        samples: How long it is.
        spoken: How much of it is speech; what is left at its end is silence.
        sample_rate: Of both.
        factor: Of the natural length that the speech has; 1 where no length is wished.
    """

    samples: int
    spoken: int
    sample_rate: int
    factor: Fraction

    @classmethod
    def of(cls, duration: Fraction | None, *, natural: Fraction, sample_rate: int) -> Place:
        """A place of a wished ``duration``, or the ``natural`` one, in seconds.

        Raises:
            InputError: It is not longer than nothing.

        Example:
            >>> place = Place.of(Fraction(3), natural=Fraction(2), sample_rate=10)
            >>> place.samples, place.spoken, float(place.factor)
            (30, 28, 1.4)
        """
        samples = round((natural if duration is None else duration) * sample_rate)
        if samples <= 0:
            raise InputError("a line needs a place longer than nothing; give it a duration")
        spoken = min(samples, int(natural * SLOWEST * sample_rate))
        factor = Fraction(1) if duration is None else Fraction(spoken, sample_rate) / natural
        return cls(samples, spoken, sample_rate, factor)

    def fill(
        self, sound: NDArray[np.float32], *, pieces: Sequence[Piece], edges: Sequence[int], language: str
    ) -> Speech:
        """Speech of ``sound (spoken,)``, its ``pieces`` at ``edges``."""
        return Speech(
            Waveform(np.pad(sound, (0, self.samples - self.spoken))[None], self.sample_rate),
            place_phonemes(pieces, edges=edges, samples=self.samples, sample_rate=self.sample_rate),
            language,
            stretch=float(self.factor),
        )


def cut_into_pieces(phonemes: Sequence[PhonemeSpan], *, within: Span) -> tuple[Piece, ...]:
    """Tile ``within`` with the phonemes and the pauses between, before and after them.

    Example:
        >>> pa = PhonemeSpan("a", Span(Fraction(1), Fraction(2)))
        >>> [piece.kind for piece in cut_into_pieces([pa], within=Span(Fraction(0), Fraction(2)))]
        ['pause', 'vowel']
    """
    pieces, edge = [], within.start
    for phoneme in phonemes:
        if edge < phoneme.span.start:
            pieces.append(Piece("pause", Span(edge, phoneme.span.start)))
        kind = features(phoneme.symbol).kind
        pieces.append(Piece("pause" if kind == "silence" else kind, phoneme.span, phoneme))
        edge = phoneme.span.end
    if edge < within.end:
        pieces.append(Piece("pause", Span(edge, within.end)))
    return tuple(pieces)


def edges_in_samples(
    pieces: Sequence[Piece], *, samples: int, sample_rate: int, lengths: Sequence[float] | None = None
) -> tuple[int, ...]:
    """Where each piece begins and the last ends when all together last ``samples``: as many numbers plus one.

    Args:
        pieces: In order, without gaps.
        samples: Of all together.
        sample_rate: Samples a second.
        lengths: Natural length of each piece in seconds, where it is not that of its span.

    Raises:
        InputError: There are fewer samples than pieces.

    Example:
        >>> pause = Piece("pause", Span(Fraction(0), Fraction(1)))
        >>> vowel = Piece("vowel", Span(Fraction(1), Fraction(2)))
        >>> edges_in_samples([pause, vowel], samples=150, sample_rate=100)  # of 200: the pause gives first
        (0, 50, 150)
    """
    if samples < len(pieces):
        raise InputError(f"{len(pieces)} sounds cannot be spoken in {samples} samples; give the line more time")
    seconds = [float(piece.span.duration) for piece in pieces] if lengths is None else lengths
    natural = np.array(seconds) * sample_rate
    ends = np.cumsum(_share_out(natural, [piece.kind for piece in pieces], total=samples))
    return whole_edges([float(end) for end in ends], samples=samples)


def whole_edges(ends: Sequence[float], *, samples: int) -> tuple[int, ...]:
    """Round the ends of pieces to samples so that each keeps at least one and the last ends at ``samples``.

    >>> whole_edges([0.2, 0.4, 3.0], samples=3)
    (0, 1, 2, 3)
    """
    edges = [0]
    for index, end in enumerate(ends):
        left = len(ends) - 1 - index
        edges.append(min(max(edges[-1] + 1, round(end)), samples - left))
    return (*edges[:-1], samples)


def _share_out(natural: NDArray[np.float64], kinds: Sequence[str], *, total: float) -> NDArray[np.float64]:
    """Lengths that sum to ``total``: each kind gives up to its limit in turn, then all give alike."""
    lengths, missing = natural.copy(), total - natural.sum()
    for kind, (least, most) in _GIVES.items():
        chosen = np.array([item == kind for item in kinds])
        held = natural[chosen].sum()
        room = held * ((most if missing > 0 else least) - 1)
        if abs(missing) <= abs(room):
            lengths[chosen] *= 1 + missing / held if held else 1.0
            return lengths
        lengths[chosen] += natural[chosen] / held * room if held else 0.0
        missing -= room
    scaled: NDArray[np.float64] = lengths * (total / lengths.sum())
    return scaled


def place_phonemes(pieces: Sequence[Piece], *, edges: Sequence[int], samples: int, sample_rate: int) -> PhonemeTimeline:
    """The timeline of pieces that begin and end at ``edges``, in a sound of ``samples``."""
    placed = (
        PhonemeSpan(piece.phoneme.symbol, Span(Fraction(a, sample_rate), Fraction(b, sample_rate)), piece.phoneme.score)
        for piece, (a, b) in zip(pieces, itertools.pairwise(edges), strict=True)
        if piece.phoneme is not None
    )
    return PhonemeTimeline(tuple(placed), Fraction(samples, sample_rate))
