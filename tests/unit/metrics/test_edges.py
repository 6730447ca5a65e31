"""Levels of the ends of lines, on drawn sound."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.metrics.edges import edge_levels

RATE = 16_000
TIMELINE = PhonemeTimeline(
    tuple(PhonemeSpan("a", Span(Fraction(n, 10), Fraction(n + 1, 10))) for n in range(1, 6)), Fraction(1)
)


def line(*, first: float = 1.0, last: float = 1.0, after: float = 0.0) -> Waveform:
    """Noise from .1 to .6 s, its first and last tenth of a second as loud as told, and what follows."""
    sound = np.random.default_rng(0).normal(0, 0.1, RATE)
    gain = np.zeros(RATE)
    gain[1600:9600] = 1
    gain[1600:3200], gain[8000:9600], gain[9600:] = first, last, after
    return Waveform((sound * gain).astype(np.float32)[None], RATE)


def test_whole_lines() -> None:
    found = edge_levels(line(), timeline=TIMELINE)
    assert found.first_db == pytest.approx(0, abs=0.3)
    assert found.last_db == pytest.approx(0, abs=0.3)
    assert found.after_db == -120


@pytest.mark.parametrize("end", ["first", "last"])
def test_what_is_cut_is_fainter(end: str) -> None:
    whole, cut = edge_levels(line(), timeline=TIMELINE), edge_levels(line(**{end: 0.1}), timeline=TIMELINE)
    # A fifth of the line is 20 dB fainter: the line itself has 4/5 of its power left.
    assert cut.fainter_than(whole) == pytest.approx(20 + 10 * np.log10(0.802), abs=0.3)
    assert whole.fainter_than(cut) == pytest.approx(10 * np.log10(1 / 0.802), abs=0.3)


def test_noise_afterwards_is_heard() -> None:
    assert edge_levels(line(after=0.01), timeline=TIMELINE).after_db == pytest.approx(-40, abs=1)


def test_a_line_that_ends_with_its_last_phoneme() -> None:
    sound = line().samples[:, : int(0.6 * RATE)]
    assert edge_levels(Waveform(sound, RATE), timeline=TIMELINE).after_db == -120


def test_silence_has_no_level() -> None:
    found = edge_levels(Waveform(np.zeros((1, RATE), np.float32), RATE), timeline=TIMELINE)
    assert (found.first_db, found.last_db, found.after_db) == (-120, -120, -120)
