"""What every report measures alike, on mouths and sounds whose truth is known."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from synth import syllable_sound

from avsynth.core.media import VideoStream, Waveform
from avsynth.core.report import Check
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.media.sound import write_audio
from avsynth.metrics.cepstra import cepstra
from avsynth.pipeline.measures import (
    CONFIDENCE,
    TOLD,
    HeardSound,
    SeenMouth,
    at_rest,
    closes,
    hear,
    in_sync,
    picture_kept,
)

RATE = Fraction(25)
SECONDS = 14


def babble(seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    knots = np.cumsum(rng.uniform(0.12, 0.35, 200))
    heights = rng.uniform(0.05, 0.24, 200) * (np.arange(200) % 2)
    return np.interp(np.arange(SECONDS * 25) / 25, knots, heights).astype(np.float32)


def mouth(opening: np.ndarray, *, measured: np.ndarray | None = None, rate: Fraction | None = RATE) -> SeenMouth:
    return SeenMouth(0, opening, np.ones(len(opening), bool) if measured is None else measured, rate)


def sound(opening: np.ndarray, *, later: float = 0.0) -> HeardSound:
    made = syllable_sound(opening, frame_rate=RATE)
    moved = Waveform(np.roll(made.samples, round(later * made.sample_rate), axis=1), made.sample_rate)
    return HeardSound(cepstra(moved), (Span(Fraction(0), Fraction(SECONDS)),))


def named(checks: object) -> dict[str, Check]:
    return {check.name: check for check in checks}  # type: ignore[attr-defined]


def test_a_mouth_in_sync_passes() -> None:
    found = named(in_sync(mouth(babble()), sound(babble()), judged=True))
    assert found["sync_confidence"].passed
    assert found["sync_confidence"].value > 0.5
    assert found["sync_confidence"].limit == f">= {CONFIDENCE}"
    assert found["sync_offset"].passed
    assert abs(found["sync_offset"].value) < 0.09


@pytest.mark.parametrize("later", [-0.25, 0.3])
def test_a_sound_that_was_moved_fails_by_its_offset(later: float) -> None:
    found = named(in_sync(mouth(babble()), sound(babble(), later=later), judged=True))
    assert found["sync_confidence"].passed
    assert not found["sync_offset"].passed
    assert found["sync_offset"].value == pytest.approx(-later, abs=0.08)


def test_another_sound_fails_by_its_confidence_and_its_offset_is_not_judged() -> None:
    found = named(in_sync(mouth(babble()), sound(babble(seed=8)), judged=True))
    assert not found["sync_confidence"].passed
    assert found["sync_offset"].passed
    assert found["sync_offset"].limit == TOLD


def test_a_listener_is_told_of_and_not_judged() -> None:
    found = named(in_sync(mouth(babble()), sound(babble(seed=8)), judged=False))
    assert all(check.passed and check.limit == TOLD for check in found.values())


def test_under_twelve_seconds_there_is_no_verdict_and_under_three_no_measure() -> None:
    measured = np.zeros(SECONDS * 25, bool)
    measured[: 10 * 25] = True
    found = named(in_sync(mouth(babble(), measured=measured), sound(babble(seed=8)), judged=True))
    assert all(check.limit == TOLD for check in found.values())
    measured[2 * 25 :] = False
    assert not list(in_sync(mouth(babble(), measured=measured), sound(babble()), judged=True))


def test_a_varying_rate_is_not_measured() -> None:
    assert not list(in_sync(mouth(babble(), rate=None), sound(babble()), judged=True))
    assert not list(at_rest(mouth(babble(), rate=None), sound(babble()), judged=True))


@pytest.mark.parametrize(("judged", "passed"), [(True, False), (False, True)])
def test_a_leak_is_counted_and_judged_where_the_lips_were_made(judged: bool, passed: bool) -> None:
    opening = np.zeros(200, np.float32)
    opening[120:124] = 0.1
    quiet = HeardSound(np.zeros((800, 13), np.float32), (Span(Fraction(0), Fraction(2)),))
    (found,) = at_rest(mouth(opening), quiet, judged=judged)
    assert found.value == pytest.approx(8 / (200 - 54))
    assert (found.passed, found.unit) == (passed, "of 146 frames")


def test_closure_is_counted() -> None:
    opening = np.full(100, 0.1, np.float32)
    opening[12] = 0
    said = (PhonemeSpan("b", Span(Fraction(2, 5), Fraction(3, 5))), PhonemeSpan("m", Span(Fraction(1), Fraction(6, 5))))
    timeline = PhonemeTimeline(said, Fraction(4))
    found = named(closes(mouth(opening), timeline, judged=True))
    assert (found["bilabial_closure"].value, found["bilabial_closure"].unit) == (0.5, "of 2 sounds")
    assert not found["bilabial_closure"].passed
    assert found["open_in_silence"].value == 1
    assert list(named(closes(mouth(opening), timeline, judged=False, silence=False))) == ["bilabial_closure"]


def test_a_long_sound_is_heard_in_pieces_as_in_one(tmp_path: Path) -> None:
    hiss = np.random.default_rng(0).normal(size=(1, 16_000 * 35)).astype(np.float32) / 10
    path = tmp_path / "long.wav"
    write_audio(path, Waveform(hiss, 16_000), subtype="FLOAT")
    found = hear(path)
    assert found is not None
    whole = cepstra(Waveform(hiss, 16_000))
    assert found.cepstra.shape == whole.shape
    np.testing.assert_allclose(found.cepstra, whole, atol=1e-3)


def test_what_was_not_kept_fails_by_its_name() -> None:
    film = VideoStream("h264", 640, 480, RATE, 100, Fraction(1, 25), "yuv420p")
    other = VideoStream("h264", 640, 360, Fraction(24), 99, Fraction(1, 24), "yuv422p")
    assert all(check.passed for check in picture_kept(film, film))
    failed = {check.name for check in picture_kept(film, other) if not check.passed}
    assert failed == {"frame_count", "height", "frame_rate", "pixel_format_kept"}
