"""Faces as they are, drawn: what is changed, what passes through, and whether the film keeps its time and shape."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from hard_films import encode, pictures, runs, speak
from synth import draw_film, syllables

from avsynth.media.probe import frame_times, probe, require_video
from avsynth.media.scan import is_interlaced


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    path = tmp_path_factory.mktemp("faces") / "face.mp4"
    draw_film(path, openings=syllables(36), size=(480, 400), scale_px=80.0, pan=(10.0, 4.0))
    return pictures(path)


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(50)])
def test_every_rate_is_kept_and_every_frame_changed(faces: list[np.ndarray], rate: Fraction, tmp_path: Path) -> None:
    film = encode(tmp_path / "film.mp4", faces, rate=rate)
    made = speak(film, folder=tmp_path)
    after = require_video(probe(made.film))
    assert (after.frame_count, after.frame_rate) == (len(faces), rate)
    assert made.frames() == list(range(len(faces)))
    assert made.report.passed


def test_uneven_times_are_kept(faces: list[np.ndarray], tmp_path: Path) -> None:
    steps = np.resize([1, 2, 1, 1, 3], len(faces) - 1)
    times = [Fraction(0), *(Fraction(int(count), 30) for count in np.cumsum(steps))]
    film = encode(tmp_path / "film.mp4", faces, rate=30, times=times)
    assert require_video(probe(film)).is_vfr
    made = speak(film, folder=tmp_path)
    for path in (film, made.film):
        ticks, tick = frame_times(path)
        assert [int(count) * tick for count in ticks] == times
    assert made.frames() == list(range(len(faces)))


def test_a_phone_held_upright_keeps_its_turn(faces: list[np.ndarray], tmp_path: Path) -> None:
    lying = [np.rot90(image, 1) for image in faces[:24]]
    film = encode(tmp_path / "film.mp4", lying, rotation=90)
    assert require_video(probe(film)).rotation == 90
    made = speak(film, folder=tmp_path)
    assert require_video(probe(made.film)).rotation == 90
    assert made.frames() == list(range(24))
    before, after = (np.array(pictures(path)[12], float) for path in (film, made.film))
    where = np.argwhere(np.abs(before - after).sum(axis=2) > 60).mean(axis=0)
    # Upright, the mouth lies in the lower half; in the coded picture, turned back, that is its right half.
    assert where[1] > lying[0].shape[1] / 2


def test_interlaced_pictures_are_named_in_the_report(faces: list[np.ndarray], tmp_path: Path) -> None:
    film = encode(tmp_path / "film.mp4", faces[:24], interlaced=True)
    assert is_interlaced(film)
    made = speak(film, folder=tmp_path)
    assert any("interlaced" in note for note in made.report.notes)
    assert made.frames() == list(range(24))


def test_progressive_pictures_are_not(faces: list[np.ndarray], tmp_path: Path) -> None:
    assert not is_interlaced(encode(tmp_path / "film.mp4", faces[:4]))


def test_a_face_that_is_gone_for_a_while_passes_through_and_comes_back(faces: list[np.ndarray], tmp_path: Path) -> None:
    blurred = [cv2.GaussianBlur(image, (0, 0), 40) for image in faces[12:27]]
    film = encode(tmp_path / "film.mp4", [*faces[:12], *blurred, *faces[:18]])
    made = speak(film, folder=tmp_path)
    assert not set(made.frames()) & set(range(14, 25))
    assert made.reasons(range(14, 25)) <= {"no face", "no face found"}
    (first, *_, last) = runs(made.frames())
    assert (first[0], last[1]) == (0, 45)


def test_the_report_says_how_little_footage_there_was(faces: list[np.ndarray], tmp_path: Path) -> None:
    film = encode(tmp_path / "film.mp4", faces)
    one = encode(tmp_path / "one.mp4", [draw_closed(tmp_path)])
    made = speak(film, folder=tmp_path, footage=(one,))
    assert any("one picture" in note for note in made.report.notes)
    assert any("lips are closed" in note for note in made.report.notes)
    assert len(made.frames()) == 36


def draw_closed(folder: Path) -> np.ndarray:
    path = folder / "closed.mp4"
    draw_film(path, openings=[0.0], size=(480, 400), scale_px=80.0)
    return pictures(path)[0]
