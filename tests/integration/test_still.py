"""A photo and a recording become a talking, marked film; what cannot is refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from jobs import Outcome, grant

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.progress import silent
from avsynth.media.probe import probe
from avsynth.media.sound import write_audio
from avsynth.pipeline.lipsync import lipsync
from avsynth.pipeline.options import LipsyncOptions
from avsynth.text.espeak import speak

Run = Callable[..., Outcome]
WORDS = "Mama bought a big map."


@pytest.fixture(scope="module")
def folder(portrait: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of odd size, a recording and a consent."""
    made = tmp_path_factory.mktemp("still")
    picture = cv2.imread(str(portrait))
    assert picture is not None
    cv2.imwrite(str(made / "photo.png"), picture[0:301, 60:401])
    write_audio(made / "voice.wav", speak(WORDS, language="en").waveform)
    grant(made / "consent.json")
    return made


def command(folder: Path, *extra: object, photo: str = "photo.png", output: Path | None = None) -> list[object]:
    target = output or folder / "film.mp4"
    consent = ["--consent", folder / "consent.json", "--work", folder / "work"]
    return ["lipsync", folder / photo, folder / "voice.wav", "-l", "en", *consent, "-o", target, *extra]


def test_a_photo_talks(folder: Path, run: Run) -> None:
    outcome = run(*command(folder, "--text", WORDS, "--report", folder / "report"))
    assert outcome.code == 0, outcome.err
    film, sound = probe(folder / "film.mp4"), probe(folder / "voice.wav")
    assert film.video is not None
    assert (film.video.width, film.video.height) == (340, 300)
    assert film.video.frame_rate == 25
    assert 0 <= film.video.duration - sound.duration < 0.04
    assert (film.video.color.primaries, film.video.color.transfer, film.video.color.matrix) == (1, 1, 1)
    report = json.loads((folder / "report" / "qc.json").read_text())
    notes = " ".join(report["notes"])
    assert "photo.png is a photo" in notes
    assert "'portrait'" in notes
    assert "cropped" in notes
    assert "one picture" in notes
    checks = {check["name"]: check for check in report["checks"]}
    assert checks["bilabial_closure"]["passed"]
    assert checks["content_credentials_valid"]["passed"]
    assert "photo.png" in run("inspect", folder / "film.mp4").out


def test_another_rate_and_renderer_can_be_chosen(folder: Path, run: Run) -> None:
    target = folder / "slow.mov"
    outcome = run(*command(folder, "--frame-rate", 12.5, "--engine", "renderer=footage", output=target))
    assert outcome.code == 0, outcome.err
    video = probe(target).video
    assert video is not None
    assert video.frame_rate == 12.5
    assert "'footage'" in outcome.err


def refused(outcome: Outcome, *words: str) -> None:
    assert outcome.code == 2, outcome.err
    (line,) = outcome.err.strip().splitlines()
    assert line.startswith("error: ")
    assert all(word in line for word in words), line


def test_bad_photos_are_refused_in_one_line(folder: Path, run: Run) -> None:
    (folder / "text.png").write_text("this is no picture")
    cv2.imwrite(str(folder / "wall.png"), np.full((200, 200, 3), 128, np.uint8))
    picture = cv2.imread(str(folder / "photo.png"))
    assert picture is not None
    cv2.imwrite(str(folder / "tiny.png"), cv2.resize(picture, (120, 106), interpolation=cv2.INTER_AREA))
    target = folder / "none.mp4"
    refused(run(*command(folder, photo="text.png", output=target)), "text.png", "PNG, JPEG or WebP")
    refused(run(*command(folder, photo="absent.jpg", output=target)), "absent.jpg", "does not exist")
    refused(run(*command(folder, photo="wall.png", output=target)), "wall.png", "no face")
    refused(run(*command(folder, photo="tiny.png", output=target)), "tiny.png", "too small")
    refused(run(*command(folder, "--frame-rate", "0", output=target)), "--frame-rate")
    refused(run(*command(folder, "--frame-rate", "often", output=target)), "--frame-rate")
    assert not target.exists()


def test_a_photo_is_not_dubbed(folder: Path, run: Run) -> None:
    script = folder / "es.srt"
    script.write_text("1\n00:00:00,000 --> 00:00:01,000\nHola.\n")
    consent = ["--consent", folder / "consent.json"]
    photo = folder / "photo.png"
    refused(run("dub", photo, "-s", script, "-l", "es", *consent, "-o", folder / "dub.mp4"), "photo.png", "lipsync")


def test_a_film_keeps_its_rate(folder: Path) -> None:
    options = LipsyncOptions(frame_rate=30, work=folder / "work", progress=silent)  # type: ignore[arg-type]
    film = folder / "some.mp4"
    consent = folder / "consent.json"
    with pytest.raises(InputError, match="keeps its own frame rate"):
        lipsync(
            film,
            audio=folder / "voice.wav",
            language="en",
            consent=consent,
            output=folder / "x.mp4",
            options=options,
        )


def test_silence_makes_no_film(folder: Path, run: Run) -> None:
    write_audio(folder / "quiet.wav", Waveform(np.zeros((1, 8000), np.float32), 16_000))
    arguments = command(folder, output=folder / "quiet.mp4")
    arguments[2] = folder / "quiet.wav"
    refused(run(*arguments))
    assert not (folder / "quiet.mp4").exists()
