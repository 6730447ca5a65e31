"""The wav2lip renderer around its network: what goes in, and where what comes out is put. Stand-ins draw here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_track import drawn_track
from synth import Truth, draw_film, syllables

from avsynth.core.errors import InputError, ModelError
from avsynth.core.face import FacePatch, FaceTrack, MouthMotion
from avsynth.core.media import Frames, Waveform
from avsynth.face.box import face_boxes
from avsynth.face.hull import hull_mask, lower_face_hull
from avsynth.face.layouts import IBUG_68
from avsynth.lipsync.backends.wav2lip import BATCH, Wav2LipRenderer, smooth_boxes
from avsynth.lipsync.base import DrivingSound, Footage
from avsynth.lipsync.composite import composite
from avsynth.media.read import read_frames
from avsynth.models.wav2lip_mel import SILENCE, mel_columns

COUNT = 20


class Echo:
    """Stands in for the network: draws the face it is shown, or one color, and keeps what it was given."""

    def __init__(self, color: int | None = None) -> None:
        self.color = color
        self.faces: list[np.ndarray] = []
        self.windows: list[np.ndarray] = []

    def draw(self, faces: Sequence[np.ndarray], windows: Sequence[np.ndarray]) -> list[np.ndarray]:
        assert len(faces) == len(windows) == BATCH
        self.faces += faces
        self.windows += windows
        return [face if self.color is None else np.full_like(face, self.color) for face in faces]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return draw_film(tmp_path_factory.mktemp("wav2lip") / "film.mp4", openings=syllables(COUNT), pan=(10.0, 4.0))


@pytest.fixture(scope="module")
def track(film: Truth) -> FaceTrack:
    return drawn_track(film, layout=IBUG_68)


def whole(film: Truth) -> Frames:
    (frames,) = read_frames(film.path, chunk=COUNT)
    return frames


def ready(network: Any, film: Truth, track: FaceTrack, *, sound: DrivingSound | None = None) -> Wav2LipRenderer:
    renderer = Wav2LipRenderer(network)
    renderer.prepare([Footage(film.path, track, track.visible)])
    renderer.hear(sound or heard(np.zeros(16_000, np.float32)))
    return renderer


def heard(samples: np.ndarray, *, rate: Fraction = Fraction(25), since: Fraction = Fraction(0)) -> DrivingSound:
    times = tuple(index / rate for index in range(COUNT))
    return DrivingSound(Waveform(samples[None].astype(np.float32), 16_000), since, 0, times)


def render(renderer: Wav2LipRenderer, film: Truth, track: FaceTrack, **more: Any) -> list[FacePatch]:
    motion = MouthMotion("any", np.zeros((COUNT, 1), np.float32), Fraction(25))
    return renderer.render(whole(film), track=track, motion=motion, **more)


def test_a_face_that_comes_back_unchanged_leaves_the_picture_as_it_was(film: Truth, track: FaceTrack) -> None:
    frames = whole(film)
    result = composite(frames, render(ready(Echo(), film, track), film, track))
    difference = np.abs(result.planes[0].astype(int) - frames.planes[0])
    assert difference.any()  # 96 pixels are fewer than the face has
    assert 10 * np.log10(255**2 / np.mean(difference.astype(float) ** 2)) > 45
    assert np.median(difference[difference > 0]) <= 3


def test_pixels_outside_the_hull_stay_to_the_bit(film: Truth, track: FaceTrack) -> None:
    frames = whole(film)
    patches = render(ready(Echo(255), film, track), film, track)
    result = composite(frames, patches)
    assert [patch.frame for patch in patches] == list(range(COUNT))
    for index in range(COUNT):
        polygon = lower_face_hull(track.landmarks_px[index], IBUG_68)
        inside = hull_mask(polygon, left=0, top=0, width=frames.width, height=frames.height)
        assert (result.planes[0][index][~inside] == frames.planes[0][index][~inside]).all()
        assert (result.planes[0][index][inside] != frames.planes[0][index][inside]).mean() > 0.5
        coarse = inside.reshape(240, 2, 320, 2).any(axis=(1, 3))
        for plane in (1, 2):
            assert (result.planes[plane][index][~coarse] == frames.planes[plane][index][~coarse]).all()


def test_the_network_is_shown_the_detectors_box_and_ten_pixels_more(film: Truth, track: FaceTrack) -> None:
    network = Echo()
    render(ready(network, film, track), film, track)
    assert len(network.faces) == 3 * BATCH  # 20 faces, and the last ones again to fill the batch
    left, top, right, bottom = smooth_boxes(track)[0].astype(int)
    picture = whole(film).planes[0][0]
    crop = picture[top : bottom + 10, left:right].astype(float)
    luma = network.faces[0].astype(float) @ [0.2126, 0.7152, 0.0722] * 219 / 255 + 16
    rows = ((np.arange(96) + 0.5) * crop.shape[0] / 96).astype(int)
    columns = ((np.arange(96) + 0.5) * crop.shape[1] / 96).astype(int)
    assert np.corrcoef(luma.ravel(), crop[np.ix_(rows, columns)].ravel())[0, 1] > 0.98


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30_000, 1001), Fraction(24_000, 1001), Fraction(60)])
def test_each_frame_hears_from_its_own_time_on(film: Truth, track: FaceTrack, rate: Fraction) -> None:
    samples = np.random.default_rng(0).normal(size=32_000) * 0.1
    network = Echo()
    render(ready(network, film, track, sound=heard(samples, rate=rate)), film, track)
    columns = mel_columns(samples.astype(np.float32))
    for index in range(COUNT):
        first = int(index * 80 / rate)
        np.testing.assert_array_equal(network.windows[index], columns[:, first : first + 16])


def test_sound_that_begins_later_or_ends_earlier_than_the_frames(film: Truth, track: FaceTrack) -> None:
    samples = np.random.default_rng(1).normal(size=32_000) * 0.1
    everything, part = Echo(), Echo()
    render(ready(everything, film, track, sound=heard(samples)), film, track)
    cut = heard(samples[3200:])
    late = replace(cut, since=Fraction(1, 5), first=6, times=tuple(Fraction(i, 25) for i in range(6, COUNT)))
    renderer = ready(part, film, track, sound=late)
    strength = np.ones(COUNT, np.float32)
    strength[:6] = 0
    render(renderer, film, track, strength=strength)
    np.testing.assert_allclose(part.windows[0], everything.windows[6], atol=1e-3)
    np.testing.assert_allclose(part.windows[13], everything.windows[19], atol=1e-3)
    short = Echo()
    render(ready(short, film, track, sound=heard(samples[:4000])), film, track)  # ends at 0.25 s
    assert (short.windows[12] == SILENCE).all()
    assert (short.windows[0] > SILENCE).any()


def test_sound_must_have_been_heard_and_be_that_of_the_frames(film: Truth, track: FaceTrack) -> None:
    renderer = Wav2LipRenderer(Echo())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="call prepare"):
        render(renderer, film, track)
    renderer.prepare([Footage(film.path, track, track.visible)])
    with pytest.raises(InputError, match="call hear"):
        render(renderer, film, track)
    renderer.hear(replace(heard(np.zeros(16_000)), first=100))
    with pytest.raises(InputError, match="not that of frame 0"):
        render(renderer, film, track)
    with pytest.raises(InputError, match="a multiple of 1/80 s"):
        renderer.hear(heard(np.zeros(16_000), since=Fraction(1, 3)))


def test_boxes_are_means_of_five_frames_but_not_across_cuts(track: FaceTrack) -> None:
    marks = track.landmarks_px.copy()
    marks[10:] += np.array([200, 50, 0], np.float32)  # another shot
    visible = track.visible.copy()
    visible[15] = False
    cut = replace(track, landmarks_px=marks, visible=visible)
    raw, smooth = face_boxes(marks, IBUG_68), smooth_boxes(cut)
    np.testing.assert_allclose(smooth[2], raw[2:7].mean(axis=0))
    np.testing.assert_allclose(smooth[8], raw[8:10].mean(axis=0))
    np.testing.assert_allclose(smooth[12], raw[12:15].mean(axis=0))
    np.testing.assert_allclose(smooth[19], raw[19])
    assert np.isnan(smooth[15]).all()


def test_fades_keep_their_level(film: Truth, track: FaceTrack) -> None:
    strength = np.linspace(0, 1, COUNT, dtype=np.float32)
    patches = render(ready(Echo(), film, track), film, track, strength=strength)
    assert [patch.frame for patch in patches] == list(range(1, COUNT))
    for patch in patches:
        assert patch.alpha.max() == pytest.approx(strength[patch.frame], abs=1e-6)


def test_without_an_accepted_license_it_is_refused(film: Truth, track: FaceTrack, home: Path) -> None:
    with pytest.raises(ModelError, match=r"any commercial use is forbidden.*--accept-license"):
        Wav2LipRenderer().prepare([Footage(film.path, track, track.visible)])
