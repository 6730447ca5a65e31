"""Motion in the film's own frames, at a constant and at a varying rate."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from avsynth.core.face import FaceTrack
from avsynth.core.media import VideoStream
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.face.layouts import MEDIAPIPE_478
from avsynth.pipeline.clock import frame_clock
from avsynth.pipeline.motion import Says, motion_of

WORDS = PhonemeTimeline(
    (
        PhonemeSpan("a", Span(Fraction(1, 5), Fraction(4, 5))),
        PhonemeSpan("m", Span(Fraction(4, 5), Fraction(1))),
        PhonemeSpan("a", Span(Fraction(1), Fraction(8, 5))),
    ),
    Fraction(2),
)


def face(count: int) -> FaceTrack:
    zeros = np.zeros((count, 478, 3), np.float32)
    seen = np.ones(count, bool)
    return FaceTrack(0, 0, MEDIAPIPE_478, zeros, seen, seen.astype(np.float32), np.zeros((count, 3), np.float32))


def video(count: int, *, varying: bool) -> VideoStream:
    return VideoStream("h264", 64, 64, Fraction(25), count, Fraction(1, 25), "yuv420p", is_vfr=varying)


def test_a_constant_rate_has_an_even_clock() -> None:
    assert frame_clock(Path("film.mp4"), video=video(3, varying=False)) == [
        Fraction(0),
        Fraction(1, 25),
        Fraction(2, 25),
    ]


def test_at_a_varying_rate_each_frame_takes_what_its_own_time_has() -> None:
    clock = [Fraction(index * index, 1250) for index in range(50)]  # slow at first, then ever faster
    made = motion_of(face(50), says=Says(WORDS), video=video(50, varying=True), clock=clock).coefficients[:, 0]
    for time, opening in zip(clock, made, strict=True):
        if Fraction(4, 5) <= time < 1 or time > Fraction(9, 5):
            assert opening == 0, float(time)
        if Fraction(2, 5) <= time < Fraction(3, 5) or Fraction(6, 5) <= time < Fraction(7, 5):
            assert opening > 0.2, float(time)


def test_a_face_needs_something_to_say() -> None:
    clock = [Fraction(0)]
    with pytest.raises(ValueError, match="timeline or a sound"):
        motion_of(face(1), says=Says(), video=video(1, varying=False), clock=clock)
