from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_track import drawn_track
from synth import Truth, draw_film, syllables

from avsynth.core.errors import InputError
from avsynth.core.face import FacePatch, FaceTrack, MouthMotion
from avsynth.core.media import Frames, Waveform
from avsynth.face.hull import hull_mask, lower_face_hull
from avsynth.face.layouts import IBUG_68
from avsynth.lipsync.base import RENDERERS, DrivingSound, Footage, SoundDriven
from avsynth.lipsync.composite import composite
from avsynth.lipsync.visemes import BASIS
from avsynth.media.color import region_rgb
from avsynth.media.read import read_frames

RATE = Fraction(25)
STAND_INS = {"wav2lip", "wav2lip-gan"}


@pytest.fixture(scope="module", params=RENDERERS.names())
def engine(request: pytest.FixtureRequest) -> Any:
    engine = RENDERERS.get(request.param)
    return partial(engine, stand_in()) if request.param in STAND_INS else engine


@pytest.fixture
def follows_motion(request: pytest.FixtureRequest, engine: Any) -> None:
    if isinstance(engine, partial):
        pytest.skip("draws from sound, here with random weights: what it draws means nothing, where it draws does")


def stand_in() -> Any:
    """A network of the right shapes, but narrow and with random weights: the public ones are not ours to keep."""
    import torch

    from avsynth.models.wav2lip import Wav2Lip

    torch.manual_seed(0)
    return Wav2Lip(width=2)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """A drawn person who says ten syllables while moving sideways."""
    path = tmp_path_factory.mktemp("renderer") / "drawn.mp4"
    return draw_film(path, openings=syllables(60), pan=(24.0, 6.0))


@pytest.fixture(scope="module")
def track(film: Truth) -> FaceTrack:
    return drawn_track(film, layout=IBUG_68)


@pytest.fixture(scope="module")
def prepared(engine: Any, film: Truth, track: FaceTrack) -> Any:
    renderer = engine()
    renderer.prepare([Footage(film.path, track, track.visible)])
    if isinstance(renderer, SoundDriven):
        noise = np.random.default_rng(0).normal(size=(1, 40_000)).astype(np.float32) * 0.1
        renderer.hear(DrivingSound(Waveform(noise, 16_000), Fraction(0), 0, tuple(i / RATE for i in range(60))))
    return renderer


def motion_of(openings: np.ndarray, *, start: int = 0) -> MouthMotion:
    rows = np.zeros((len(openings), 5), np.float32)
    rows[:, 0] = rows[:, 4] = openings
    return MouthMotion(BASIS, rows, RATE, start)


def render(renderer: Any, film: Truth, track: FaceTrack, motion: MouthMotion, **more: Any) -> list[FacePatch]:
    chunks = read_frames(film.path, chunk=more.pop("chunk", 16))
    return [p for frames in chunks for p in renderer.render(frames, track=track, motion=motion, **more)]


def whole(film: Truth) -> Frames:
    (frames,) = read_frames(film.path, chunk=len(film))
    return frames


def dark_rows(frames: Frames, film: Truth, index: int) -> int:
    """Height in pixels of the dark opening below the middle of the closed lips."""
    x, y = film.eyes_px[index].mean(axis=0) + np.array([0, 0.78 * 96])
    strip = region_rgb(frames, index, left=round(x) - 2, top=y - 6, width=4, height=40).mean(axis=(1, 2))
    return int((strip < 75).sum())


@pytest.mark.usefixtures("follows_motion")
def test_a_closed_mouth_is_closed_and_an_open_one_open(prepared: Any, film: Truth, track: FaceTrack) -> None:
    openings = np.tile(np.repeat([0.0, 1.0], 10), 3).astype(np.float32)
    frames = whole(film)
    result = composite(frames, prepared.render(frames, track=track, motion=motion_of(openings)))
    settled = [i for i in range(60) if 3 <= i % 10 <= 6]
    shut = [dark_rows(result, film, i) for i in settled if openings[i] == 0]
    wide = [dark_rows(result, film, i) for i in settled if openings[i] == 1]
    assert max(shut) <= 2
    assert min(wide) >= 6
    assert max(dark_rows(frames, film, i) for i in settled if openings[i] == 0) >= 6  # where the original was open


def test_nothing_outside_the_hull_is_touched(prepared: Any, film: Truth, track: FaceTrack) -> None:
    patches = render(prepared, film, track, motion_of(np.linspace(0, 1, 60)))
    assert [p.frame for p in patches] == list(range(60))
    for patch in patches:
        polygon = lower_face_hull(track.landmarks_px[patch.frame], IBUG_68)
        height, width = patch.alpha.shape
        inside = hull_mask(polygon, left=patch.left, top=patch.top, width=width, height=height)
        assert (patch.alpha[~inside] == 0).all()
        assert patch.alpha.max() > 0.95
    frames = whole(film)
    result = composite(frames, patches)
    changed = (result.planes[0] != frames.planes[0]).any(axis=0)
    assert not changed[: int(film.eyes_px[:, :, 1].max())].any()  # eyes and brow


@pytest.mark.usefixtures("follows_motion")
def test_the_own_motion_gives_the_picture_back(prepared: Any, film: Truth, track: FaceTrack) -> None:
    frames = whole(film)
    motion = prepared.person.follow(track, frame_rate=RATE)
    result = composite(frames, prepared.render(frames, track=track, motion=motion))
    mean_square = np.mean((result.planes[0].astype(float) - frames.planes[0]) ** 2)
    assert 10 * np.log10(255**2 / mean_square) > 45


def test_strength_zero_is_the_original_and_fades_grow(prepared: Any, film: Truth, track: FaceTrack) -> None:
    strength = np.zeros(60, np.float32)
    strength[20:40] = np.minimum(np.minimum(np.arange(1, 21), np.arange(20, 0, -1)) / 5, 1)
    patches = render(prepared, film, track, motion_of(np.ones(60)), strength=strength)
    assert [p.frame for p in patches] == list(range(20, 40))
    alphas = [float(p.alpha.max()) for p in patches]
    assert alphas[:4] == sorted(alphas[:4])
    assert alphas[0] < 0.5 < 0.95 < alphas[4]
    with pytest.raises(ValueError, match="strength"):
        render(prepared, film, track, motion_of(np.ones(60)), strength=strength[:10])


def test_chunks_and_repeats_give_the_same_pictures(prepared: Any, film: Truth, track: FaceTrack) -> None:
    motion = motion_of(0.5 * (1 + np.sin(np.arange(60) / 3)))
    one, again, other = (render(prepared, film, track, motion, chunk=chunk) for chunk in (16, 16, 7))
    for a, b, c in zip(one, again, other, strict=True):
        for mate in (b, c):
            np.testing.assert_array_equal(a.image, mate.image)
            np.testing.assert_array_equal(a.alpha, mate.alpha)


def test_only_frames_with_face_and_motion_get_a_patch(prepared: Any, film: Truth, track: FaceTrack) -> None:
    visible = track.visible.copy()
    visible[15] = False
    marks = track.landmarks_px.copy()
    marks[20] = np.nan
    holed = replace(track, visible=visible, landmarks_px=marks)
    patches = render(prepared, film, holed, motion_of(np.ones(20), start=10))
    assert [p.frame for p in patches] == [i for i in range(10, 30) if i not in (15, 20)]
    assert render(prepared, film, track.cut(0, 5), motion_of(np.ones(20), start=10)) == []


def test_a_face_across_the_border_is_clipped(prepared: Any, film: Truth, track: FaceTrack) -> None:
    shifted = replace(track, landmarks_px=track.landmarks_px + np.array([300, 0, 0], np.float32))
    far = replace(track, landmarks_px=track.landmarks_px + np.array([3000, 0, 0], np.float32))
    for patch in render(prepared, film, shifted, motion_of(np.ones(60))):
        assert patch.left >= 0
        assert patch.left + patch.alpha.shape[1] <= 640
    assert render(prepared, film, far, motion_of(np.ones(60))) == []


def test_a_tiny_face_does_not_fail(prepared: Any, film: Truth, track: FaceTrack) -> None:
    middle = track.landmarks_px.mean(axis=1, keepdims=True)
    tiny = replace(track, landmarks_px=middle + (track.landmarks_px - middle) * np.float32(0.04))
    frames = whole(film)
    composite(frames, prepared.render(frames, track=tiny, motion=motion_of(np.ones(60))))


@pytest.mark.usefixtures("follows_motion")
def test_one_closed_frame_can_be_opened(engine: Any, tmp_path: Path) -> None:
    film = draw_film(tmp_path / "still.mp4", openings=np.zeros(10))
    track = drawn_track(film, layout=IBUG_68)
    usable = np.zeros(10, bool)
    usable[3] = True
    renderer = engine()
    renderer.prepare([Footage(film.path, track, usable)])
    frames = whole(film)
    wide = composite(frames, renderer.render(frames, track=track, motion=motion_of(np.ones(10))))
    shut = composite(frames, renderer.render(frames, track=track, motion=motion_of(np.zeros(10))))
    assert all(dark_rows(wide, film, i) >= 6 for i in range(10))
    assert all(dark_rows(shut, film, i) <= 2 for i in range(10))


def test_missing_preparation_and_useless_footage_say_what_to_do(engine: Any, film: Truth, track: FaceTrack) -> None:
    with pytest.raises(InputError, match="prepare"):
        render(engine(), film, track, motion_of(np.ones(60)))
    with pytest.raises(InputError, match="at least one clip"):
        engine().prepare([])
    with pytest.raises(InputError, match="no usable face"):
        engine().prepare([Footage(film.path, track, np.zeros(60, bool))])
    with pytest.raises(ValueError, match="usable"):
        Footage(film.path, track, np.zeros(3, bool))
