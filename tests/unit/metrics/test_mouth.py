"""Mouth scores on openings whose truth is known."""

from fractions import Fraction

import numpy as np

from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.metrics.mouth import follows, mouth_score, silent_frames

RATE = Fraction(25)


def timeline() -> PhonemeTimeline:
    parts = [("a", 0, 1), ("m", 1, 2), ("a", 2, 3), ("b", 3, 4)]
    return PhonemeTimeline(
        tuple(PhonemeSpan(s, Span(Fraction(a, 5), Fraction(b, 5))) for s, a, b in parts), Fraction(2)
    )


def score(opening: np.ndarray) -> tuple[float, float]:
    made = mouth_score(opening.astype(np.float32), measured=np.ones(50, bool), timeline=timeline(), frame_rate=RATE)
    assert made.bilabials == 2
    return made.closure, made.leak


def test_a_mouth_that_closes_where_it_must_scores_full() -> None:
    opening = np.full(50, 0.1)
    opening[7] = opening[17] = 0
    opening[24:] = 0
    assert score(opening) == (1.0, 0.0)


def test_a_mouth_that_never_closes_scores_nothing() -> None:
    assert score(np.full(50, 0.1)) == (0.0, 1.0)


def test_half_of_the_closures_is_half() -> None:
    opening = np.full(50, 0.1)
    opening[7] = 0
    assert score(opening)[0] == 0.5


def test_frames_that_were_not_measured_do_not_count() -> None:
    made = mouth_score(np.full(50, 0.1, np.float32), measured=np.zeros(50, bool), timeline=timeline(), frame_rate=RATE)
    assert (made.bilabials, made.silent_frames) == (0, 0)


def test_silence_keeps_its_distance_from_speech() -> None:
    quiet = silent_frames(timeline(), frame_rate=RATE, count=50)
    assert not quiet[:24].any()  # speech ends at 0.8 s, and the mouth closes within 0.15 s
    assert quiet[24:].all()


def test_following_is_correlation() -> None:
    wave = np.sin(np.arange(50) / 3).astype(np.float32)
    assert follows(wave, wanted=2 * wave + 1) > 0.999
    assert follows(-wave, wanted=wave) < -0.999
    assert follows(np.zeros(50, np.float32), wanted=wave) == 0
