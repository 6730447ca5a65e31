"""Leaks that were planted into silence are counted to the frame."""

from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.span import Span
from avsynth.metrics.mouth import CLOSED, quiet_frames
from avsynth.metrics.silence import SilenceScore, moving_in_silence

RATE = Fraction(25)
SPOKEN = [Span(Fraction(1), Fraction(2))]


def score(opening: np.ndarray, measured: np.ndarray | None = None) -> SilenceScore:
    seen = np.ones(len(opening), bool) if measured is None else measured
    quiet = quiet_frames(SPOKEN, frame_rate=RATE, count=len(opening))
    return moving_in_silence(opening.astype(np.float32), measured=seen, quiet=quiet, frame_rate=RATE)


def test_a_mouth_that_moves_in_speech_only_does_not_leak() -> None:
    opening = np.zeros(100)
    opening[25:50] = 0.2 * (np.arange(25) % 2)
    assert score(opening) == SilenceScore(100 - 33, 0.0)  # 1 s of speech, and 0.15 s to either side


@pytest.mark.parametrize("frames", [1, 4, 10])
def test_a_planted_movement_is_counted_with_its_tenth_of_a_second(frames: int) -> None:
    opening = np.zeros(100)
    opening[70 : 70 + frames] = 0.1
    # each edge is felt two frames to either side
    moving = min(frames, 4) + 4 if frames < 4 else 8
    assert score(opening).moving == pytest.approx(moving / 67)


def test_an_open_mouth_at_rest_and_a_slow_drift_do_not_move() -> None:
    assert score(np.full(100, 0.3)).moving == 0
    assert score(np.linspace(0, 0.3, 100)).moving == 0


def test_trembling_below_what_is_seen_does_not_count() -> None:
    assert score(0.9 * CLOSED * (np.arange(100) % 2)).moving == 0
    assert score(1.1 * CLOSED * (np.arange(100) % 2)).moving == 1


def test_frames_that_were_not_measured_do_not_count() -> None:
    opening, measured = np.zeros(100), np.ones(100, bool)
    opening[70:80], measured[70:80] = np.nan, False
    assert score(opening, measured) == SilenceScore(57, 0.0)
    assert score(opening, np.zeros(100, bool)) == SilenceScore(0, 0.0)
