from pathlib import Path

import numpy as np
import pytest
from drawn_track import drawn_track
from synth import Truth, draw_film, syllables

from avsynth.core.errors import InputError
from avsynth.core.face import FaceTrack
from avsynth.lipsync import bank
from avsynth.lipsync.bank import RUN_FRAMES, Bank, collect
from avsynth.lipsync.base import Footage
from avsynth.lipsync.person import PersonMouth
from avsynth.media.color import region_rgb
from avsynth.media.read import read_frames


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    openings = np.concatenate([np.zeros(60), syllables(40)])
    return draw_film(tmp_path_factory.mktemp("bank") / "film.mp4", openings=openings, size=(320, 240), scale_px=60)


def gather(film: Truth, track: FaceTrack, usable: np.ndarray) -> Bank:
    return collect([Footage(film.path, track, usable)], person=PersonMouth.learn([(track, usable)]))


def test_all_usable_frames_are_kept_at_native_size(film: Truth) -> None:
    track = drawn_track(film)
    usable = np.zeros(100, bool)
    usable[[3, 4, 70, 99]] = True
    mouths = gather(film, track, usable)
    assert mouths.traits.frame.tolist() == [3, 4, 70, 99]
    (frames,) = read_frames(film.path, chunk=100)
    whole = region_rgb(frames, 70, left=0, top=0, width=320, height=240)
    crop = mouths.images[2]
    rows, columns = crop.shape[:2]
    matches = [
        (x, y)
        for y in range(240 - rows + 1)
        for x in range(320 - columns + 1)
        if (whole[y, x : x + columns] == crop[0]).all() and (whole[y : y + rows, x : x + columns] == crop).all()
    ]
    (corner,) = matches
    eye = mouths.to_image[2] @ np.append(mouths.rigid[2, 0], 1)  # the left outer eye corner, in the crop
    np.testing.assert_allclose(eye + corner, film.eyes_px[70][0], atol=0.3)


def test_of_long_footage_the_most_different_runs_are_kept(film: Truth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank, "MOUTHS", 48)
    track = drawn_track(film)
    mouths = gather(film, track, np.ones(100, bool))
    kept = mouths.traits.frame
    assert len(mouths) <= 48 + RUN_FRAMES
    assert (kept >= 60).sum() >= 30  # speech says more than sixty frames of rest
    assert (kept < 60).sum() >= 4
    assert (np.diff(kept) == 1).mean() > 0.7  # runs that can be played


def test_a_blurred_crop_is_known_as_such(film: Truth) -> None:
    generator = np.random.default_rng(0)
    sharp = [generator.integers(0, 255, (40, 40, 3), dtype=np.uint8) for _ in range(3)]
    soft = np.full((40, 40, 3), 120, np.uint8)
    blur = bank._blur([*sharp, soft])
    assert blur[3] > 3
    assert blur[:3].max() < 0.3


def test_a_film_shorter_than_its_track_is_an_error(film: Truth, tmp_path: Path) -> None:
    track = drawn_track(film)
    short = draw_film(tmp_path / "short.mp4", openings=np.zeros(20), size=(320, 240), scale_px=60)
    with pytest.raises(InputError):
        gather(short, track, np.ones(100, bool))
