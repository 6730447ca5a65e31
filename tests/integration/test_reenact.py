"""A drawn performer drives a drawn target: what their mouth did is found again in the finished film."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from jobs import Outcome, grant, silence
from synth import draw_film, syllable_sound, syllables, write_film

import avsynth
from avsynth.core.media import Shot, Waveform
from avsynth.face.track import track
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_audio, read_frames

Run = Callable[..., Outcome]
FILM, ACTED = Fraction(25), Fraction(30000, 1001)
SECONDS = 3


def spoken(times: np.ndarray) -> np.ndarray:
    """What the performer does: two rhythms, with the lips closed at known times, and much less wide than the target."""
    rhythm = 0.06 * (1 - np.cos(2 * np.pi * 2.2 * times)) * (1 + 0.4 * np.sin(2 * np.pi * 0.7 * times))
    return np.where(times < SECONDS - 0.6, rhythm, 0)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("target") / "film.mp4"
    draw_film(path, frame_rate=FILM, openings=syllables(100, frame_rate=FILM, rate_hz=1.3), pan=(20.0, 6.0))
    return path


@pytest.fixture(scope="module")
def performance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("performance") / "actor.mp4"
    openings = spoken(np.arange(round(SECONDS * ACTED)) / float(ACTED))
    draw_film(
        path,
        frame_rate=ACTED,
        openings=openings,
        size=(480, 400),
        scale_px=80.0,
        audio=syllable_sound(openings, frame_rate=ACTED),
    )
    return path


@pytest.fixture(scope="module")
def consent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grant(tmp_path_factory.mktemp("consent") / "c.json", kinds=("likeness",))


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


def test_the_target_opens_and_closes_as_the_performer_did(
    run: Run, target: Path, performance: Path, consent: Path, work: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.mp4"
    outcome = run("reenact", target, performance, "--consent", consent, "-o", output, "--work", work)
    assert (outcome.code, outcome.out) == (0, f"{output}\n"), outcome.err
    before, after = require_video(probe(target)), require_video(probe(output))
    assert (after.frame_count, after.frame_rate) == (before.frame_count, before.frame_rate)

    (face,) = track(output, shots=(Shot(0, after.frame_count),))
    seen = face.layout.mouth_opening(face.landmarks_px)
    wanted = spoken(np.arange(after.frame_count) / float(FILM))
    assert np.corrcoef(seen, wanted)[0, 1] >= 0.9
    (original,) = track(target, shots=(Shot(0, before.frame_count),))
    own = original.layout.mouth_opening(original.landmarks_px)
    assert np.quantile(seen, 0.95) > 0.7 * np.quantile(own, 0.95)  # the target's own range, not the performer's
    assert np.median(seen[-15:]) < 0.15 * np.quantile(seen, 0.95)  # the performance is over: rest
    assert not read_audio(output).samples[:, -12_000:].any()

    heard, given = (read_audio(path, sample_rate=16_000).mono() for path in (output, performance))
    count = min(len(heard), len(given))
    lags = np.correlate(heard[:count:8], given[:count:8], "full")
    assert abs(int(lags.argmax()) - (len(given[:count:8]) - 1)) <= 1  # half a millisecond


def test_python_mirrors_the_command_and_names_a_performers_consent(
    target: Path, performance: Path, consent: Path, work: Path, tmp_path: Path
) -> None:
    actor = grant(tmp_path / "actor.json", speaker="Actor", kinds=("voice",))
    made = avsynth.reenact(
        target,
        performance=performance,
        consent=[consent, actor],
        output=tmp_path / "out.mkv",
        options=avsynth.ReenactOptions(work=work),
    )
    assert made.report.passed
    assert not made.report.passed_through


def test_no_consent_to_the_likeness_of_the_target(run: Run, target: Path, performance: Path, tmp_path: Path) -> None:
    voice = grant(tmp_path / "voice.json", kinds=("voice",))
    output = tmp_path / "out.mp4"
    outcome = run("reenact", target, performance, "--consent", voice, "-o", output)
    assert outcome.code == 3
    assert "likeness" in outcome.err
    assert not output.exists()


def empty_room(path: Path, *, audio: Waveform | None = None) -> Path:
    room = np.tile(np.linspace(60, 180, 320, dtype=np.uint8)[None, :, None], (240, 1, 3))
    write_film(path, [room] * 20, frame_rate=25, audio=audio)
    return path


def two_people(path: Path, one: Path, *, audio: Waveform | None = None) -> Path:
    video = require_video(probe(one))
    frames = []
    for chunk in read_frames(one, end=24):
        for index in range(len(chunk)):
            gray = cv2.cvtColor(chunk.planes[0][index], cv2.COLOR_GRAY2RGB)
            frames.append(np.concatenate([gray, gray], axis=1))
    write_film(path, frames, frame_rate=video.frame_rate, audio=audio)
    return path


def test_what_cannot_be_used_is_said(
    run: Run, target: Path, performance: Path, consent: Path, work: Path, tmp_path: Path
) -> None:
    sound = read_audio(performance)
    for film, acted, words in (
        (empty_room(tmp_path / "room.mp4"), performance, ("room.mp4", "no face")),
        (target, empty_room(tmp_path / "stage.mp4", audio=sound), ("stage.mp4", "no face")),
        (target, two_people(tmp_path / "two.mp4", performance, audio=sound), ("two.mp4", "--performer-face")),
        (target, target, ("film.mp4", "no sound")),
        (target, silence(tmp_path / "quiet.wav", seconds=1), ("quiet.wav", "no picture")),
    ):
        output = tmp_path / "never.mp4"
        outcome = run("reenact", film, acted, "--consent", consent, "-o", output, "--work", work)
        assert outcome.code == 2, outcome.err
        assert outcome.err.strip().startswith("error: ")
        for word in words:
            assert word in outcome.err
        assert not output.exists()
