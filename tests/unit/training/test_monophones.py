"""Phones of an unknown voice are found where they were drawn, from that voice alone."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan
from avsynth.models.voice_mel import MELS
from avsynth.training.monophones import STATES, timelines

SYMBOLS = ("a", "e", "i", "o", "s", "m", "t", "l")
SILENCE = -11.0


def voice(count: int, *, seed: int = 0) -> tuple[list[np.ndarray], list[list[PhonemeSpan]]]:
    """Lines of a voice whose every phone has a spectrum of its own, 3 to 20 frames long, with pauses here and there."""
    chance = np.random.default_rng(seed)
    bands = np.linspace(0, 3, MELS)
    spectra = {s: np.interp(bands, np.arange(4), chance.normal(-4, 1.5, 4)) for s in SYMBOLS}
    mels, said = [], []
    for _ in range(count):
        parts, spans, at = [np.full((20, MELS), SILENCE)], [], 20
        for index, symbol in enumerate(chance.choice(SYMBOLS, 14)):
            if spans and spans[-1].symbol == symbol:
                continue
            if index == 7:
                parts.append(np.full((25, MELS), SILENCE))
                at += 25
            size = int(chance.integers(3, 21))
            parts.append(np.tile(spectra[symbol], (size, 1)))
            spans.append(PhonemeSpan(str(symbol), Span(Fraction(at, 100), Fraction(at + size, 100))))
            at += size
        parts.append(np.full((20, MELS), SILENCE))
        mel = np.concatenate(parts).T
        mels.append(mel + chance.normal(0, 0.3, mel.shape))
        said.append(spans)
    return mels, said


@pytest.mark.parametrize("seed", range(3))
def test_phones_are_found_where_they_are(seed: int) -> None:
    mels, truth = voice(30, seed=seed)
    chance = np.random.default_rng(seed)
    thought = [  # somebody else's lengths, half to twice the true ones, and no pause
        [PhonemeSpan(p.symbol, Span(Fraction(0), p.span.duration * Fraction(chance.uniform(0.5, 2.0)))) for p in line]
        for line in truth
    ]
    found = timelines(mels, said=thought)
    off, before = [], []
    for line, timeline, guess in zip(truth, found, thought, strict=True):
        assert timeline is not None
        assert [p.symbol for p in timeline] == [p.symbol for p in line]
        assert all((p.span.duration * 100) >= STATES for p in timeline)
        off += [abs(float(a.span.start - b.span.start)) for a, b in zip(timeline, line, strict=True)]
        edges = np.cumsum([0, *(float(p.span.duration) for p in guess)])
        edges = 0.2 + edges / edges[-1] * (float(line[-1].span.end) - 0.2)
        before += [abs(edge - float(p.span.start)) for edge, p in zip(edges, line, strict=False)]
    assert np.median(off) <= 0.01
    assert np.quantile(off, 0.9) <= 0.03
    assert np.median(before) > 0.03  # what it began with


def test_a_line_too_short_for_its_phones_has_no_times() -> None:
    mels, said = voice(4)
    short = mels[0][:, : STATES * len(said[0])]
    assert timelines([short, *mels[1:]], said=said)[0] is None
    assert all(timeline is not None for timeline in timelines(mels, said=said))
