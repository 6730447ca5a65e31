"""Real faces in hard films: only who speaks is changed, nothing glows in a fade, nothing is blended across a cut."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hard_films import encode, pictures, runs, speak

from avsynth.core.errors import InputError
from avsynth.core.media import Shot
from avsynth.face.gates import judge
from avsynth.face.track import track
from avsynth.media.probe import probe, require_video
from avsynth.media.shots import detect_shots

pytestmark = [pytest.mark.real, pytest.mark.weights]


@pytest.fixture(scope="module")
def clips(media: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    folder = media / "talking" / "grid"
    return pictures(folder / "bbaf2n.mpg"), pictures(folder / "brbk7n.mpg")


def test_the_listener_is_not_touched(clips: tuple[list[np.ndarray], list[np.ndarray]], tmp_path: Path) -> None:
    both = [np.concatenate(pair, axis=1) for pair in zip(*clips, strict=True)]
    film = encode(tmp_path / "film.mp4", both)
    with pytest.raises(InputError, match="several faces"):
        speak(film, folder=tmp_path)
    sides = []
    for face in (0, 1):
        folder = tmp_path / str(face)
        folder.mkdir()
        made = speak(film, folder=folder, face=face)
        assert len(made.frames()) > 70
        sides.append({patch["left"] + patch["width"] <= 360 for patch in made.patches})
        assert all(patch["left"] + patch["width"] <= 360 or patch["left"] >= 360 for patch in made.patches)
    assert sides in ([{True}, {False}], [{False}, {True}])  # patches hold all that changes: the other half has none


def test_a_cut_in_mid_word_separates_two_people(
    clips: tuple[list[np.ndarray], list[np.ndarray]], tmp_path: Path
) -> None:
    """Their heads are alike: 0.019 of the eyes' distance, where one person's differ by up to 0.028."""
    one, two = clips
    film = encode(tmp_path / "film.mp4", [*one[:37], *two[20:45]])
    assert [(shot.start, shot.end) for shot in detect_shots(film)] == [(0, 37), (37, 62)]
    made = speak(film, folder=tmp_path, face=0)
    assert list(runs(made.frames())) == [(0, 37)]
    assert made.reasons(range(37, 62)) == {"no face found"}
    after = np.array(pictures(made.film)[37], float)
    assert np.abs(after - np.array(pictures(film)[37], float)).mean() < 3  # only what encoding does


def test_a_mouth_fades_with_its_face(clips: tuple[list[np.ndarray], list[np.ndarray]], tmp_path: Path) -> None:
    level = np.ones(75)
    level[:20], level[-20:] = np.linspace(0, 1, 20), np.linspace(1, 0, 20)
    film = encode(tmp_path / "film.mp4", [(x * k).astype(np.uint8) for x, k in zip(clips[0], level, strict=True)])
    made = speak(film, folder=tmp_path)
    assert len(made.frames()) > 60
    before, after = pictures(film), pictures(made.film)
    box = {patch["frame"]: patch for patch in made.patches}
    for frame in made.frames():
        patch = box[frame]
        part = np.s_[patch["top"] : patch["top"] + patch["height"], patch["left"] : patch["left"] + patch["width"]]
        was, now = (float(film[frame][part].mean()) for film in (before, after))
        assert now == pytest.approx(was, rel=0.1, abs=4)


def test_a_large_picture_with_few_frames(media: Path, tmp_path: Path) -> None:
    frames = pictures(media / "talking" / "grid" / "bbaf2n.mpg")[20:32]
    large = [cv2.resize(image[62:264], (3840, 2154), interpolation=cv2.INTER_CUBIC) for image in frames]
    made = speak(encode(tmp_path / "film.mp4", large), folder=tmp_path, seconds=1)
    after = require_video(probe(made.film))
    assert (after.width, after.height, after.frame_count) == (3840, 2154, 12)
    assert made.frames() == list(range(12))
    assert max(patch["width"] * patch["height"] for patch in made.patches) < 0.25 * after.width * after.height


def test_a_hand_before_the_mouth_is_left_alone(
    clips: tuple[list[np.ndarray], list[np.ndarray]], tmp_path: Path
) -> None:
    """A smooth ellipse of her own cheek's color comes in from the side, stays and goes, within a second."""
    images = [image.copy() for image in clips[1]]
    clean = track(encode(tmp_path / "clean.mp4", images), shots=[Shot(0, len(images))])[0]
    assert judge(clean, frame_size=images[0].shape[:2]).usable.all()
    eyes = float(np.median(clean.scale_px))
    for frame in range(25, 50):
        lips = clean.landmarks_px[frame, list(clean.layout.outer_lip), :2].mean(axis=0)
        x, y = clean.landmarks_px[frame, 205, :2].astype(int)
        away = 1.5 * eyes * max(0.0, abs(frame - 37) - 4) / 8
        center = (round(lips[0] + away), round(lips[1] + 0.25 * eyes))
        color = images[frame][y - 3 : y + 4, x - 3 : x + 4].mean(axis=(0, 1)).tolist()
        cv2.ellipse(images[frame], center, (round(0.5 * eyes), round(0.65 * eyes)), 0, 0, 360, color, -1, cv2.LINE_AA)
    covered = track(encode(tmp_path / "covered.mp4", images), shots=[Shot(0, len(images))])[0]
    judgement = judge(covered, frame_size=images[0].shape[:2])
    assert {part.reason for part in judgement.passed_through} == {"something is before the mouth"}
    assert not judgement.usable[30:45].any()  # a quarter of the mouth and more is covered
    assert judgement.usable[:23].all()
    assert judgement.usable[52:].all()
