"""A real face in a public-domain portrait, made to talk and measured again by the landmark engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from drawn_track import drawn_track
from synth import draw_film, portrait_film, syllables

from avsynth.core.face import FaceTrack, MouthMotion
from avsynth.core.media import Frames, Shot
from avsynth.face.base import LANDMARKERS
from avsynth.face.layouts import IBUG_68
from avsynth.face.track import track
from avsynth.lipsync.backends.footage import FootageRenderer
from avsynth.lipsync.backends.portrait import PortraitRenderer
from avsynth.lipsync.base import Footage
from avsynth.lipsync.composite import composite
from avsynth.lipsync.photo_painter import PhotoPainter
from avsynth.lipsync.sway import blinks, sway
from avsynth.lipsync.visemes import BASIS
from avsynth.media.color import region_rgb
from avsynth.media.read import read_frames

RATE = Fraction(25)
COUNT = 60
UPPER_LID, LOWER_LID, EYE = (159, 386), (145, 374), ((33, 133), (263, 362))


@pytest.fixture(scope="module", autouse=True)
def one_blink() -> Iterator[None]:
    """A seed with one whole blink in these pictures; the portrait's own depends on how a processor rounds landmarks."""
    end = COUNT / RATE

    def shown(seed: int) -> list[bool]:  # of the blinks that begin here, whether they end here
        return [blink.end < end for blink in blinks(seed=seed, until=10) if blink.start < end]

    seed = next(seed for seed in range(1000) if shown(seed) == [True])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("avsynth.lipsync.photo.zlib", SimpleNamespace(crc32=lambda data: seed))
        yield


@pytest.fixture(scope="module")
def still(portrait: Path, tmp_path_factory: pytest.TempPathFactory) -> Footage:
    path, _ = portrait_film(tmp_path_factory.mktemp("portrait") / "still.mp4", portrait=portrait, seconds=2.4)
    (first,) = track(path, shots=[Shot(0, 1)])
    rows = np.zeros(COUNT, int)
    face = FaceTrack(
        0,
        0,
        first.layout,
        first.landmarks_px[rows],
        first.visible[rows],
        first.score[rows],
        first.pose[rows],
    )
    return Footage(path, face, face.visible)


@pytest.fixture(scope="module")
def renderer(still: Footage) -> PortraitRenderer:
    made = PortraitRenderer()
    made.prepare([still])
    return made


@pytest.fixture(scope="module")
def painter(renderer: PortraitRenderer) -> PhotoPainter:
    return renderer._stills[0].painter


def motion_of(openings: np.ndarray, *, start: int = 0) -> MouthMotion:
    rows = np.zeros((len(openings), 5), np.float32)
    rows[:, 0] = rows[:, 4] = openings
    return MouthMotion(BASIS, rows, RATE, start)


SPEECH = motion_of(np.clip(1.3 * np.sin(np.arange(COUNT) * 0.37) ** 2 - 0.15, 0, 1))


@pytest.fixture(scope="module")
def frames(still: Footage) -> Frames:
    (read,) = read_frames(still.path, chunk=COUNT)
    return read


@pytest.fixture(scope="module")
def talking(renderer: PortraitRenderer, frames: Frames, still: Footage) -> Frames:
    return composite(frames, renderer.render(frames, track=still.track, motion=SPEECH))


@pytest.fixture(scope="module")
def measured(talking: Frames, still: Footage) -> np.ndarray:
    """Landmarks ``(T, P, 3)`` of every rendered picture, each looked at by itself."""
    engine = LANDMARKERS.get("facemesh")()
    region = engine.region(still.track.landmarks_px[0])
    return np.stack([engine.fit(talking, i, region=region).landmarks_px for i in range(COUNT)])


def test_the_mouth_opens_as_it_should(measured: np.ndarray, still: Footage) -> None:
    seen = still.track.layout.mouth_opening(measured)
    wanted = SPEECH.coefficients[:, 0]
    assert np.corrcoef(seen, wanted)[0, 1] >= 0.9
    assert np.median(seen[wanted < 0.02]) < 0.02
    assert np.median(seen[wanted > 0.9]) > 0.1


def test_the_chin_moves_with_the_mouth(measured: np.ndarray, still: Footage) -> None:
    scale = float(still.track.scale_px[0])
    chin = (measured[:, 152, 1] - measured[:, 1, 1]) / scale  # below the nose
    wanted = SPEECH.coefficients[:, 0]
    assert np.corrcoef(chin, wanted)[0, 1] >= 0.8
    assert chin[wanted > 0.9].mean() - chin[wanted < 0.02].mean() > 0.03


def test_eyes_close_in_blinks_and_only_there(measured: np.ndarray, painter: PhotoPainter) -> None:
    gap = measured[:, UPPER_LID, :2] - measured[:, LOWER_LID, :2]
    width = [np.linalg.norm(measured[:, a, :2] - measured[:, b, :2], axis=-1) for a, b in EYE]
    aspect = np.linalg.norm(gap, axis=-1) / np.stack(width, axis=1)
    (blink,) = [b for b in blinks(seed=painter.photo.seed, until=10) if b.end < COUNT / 25]
    times = np.arange(COUNT) / 25
    shut = (times >= blink.shut) & (times <= blink.opening)
    away = (times < blink.start) | (times > blink.end)
    assert shut.any()
    assert (aspect[shut] < 0.5 * np.median(aspect[away])).all()  # both eyes
    assert (aspect[away] > 0.85 * np.median(aspect[away])).all()


def test_segments_and_chunks_of_any_size_give_the_same_pictures(still: Footage, talking: Frames) -> None:
    pieces = ((0, 23, 5), (23, 24, 8), (24, COUNT, 16))
    planes = []
    for start, end, chunk in pieces:
        again = PortraitRenderer()  # each segment is rendered by a renderer of its own
        again.prepare([still])
        part = MouthMotion(SPEECH.basis, SPEECH.coefficients[start:end], RATE, start)
        for read in read_frames(still.path, start=start, end=end, chunk=chunk):
            made = composite(read, again.render(read, track=still.track.cut(start, end), motion=part))
            planes.append(made.planes)
    for number, whole in enumerate(talking.planes):
        np.testing.assert_array_equal(np.concatenate([plane[number] for plane in planes]), whole)


def test_one_picture_of_footage_is_enough(still: Footage, frames: Frames, talking: Frames) -> None:
    one = PortraitRenderer()
    one.prepare([Footage(still.path, still.track.cut(0, 1), still.usable[:1])])
    patches = one.render(frames, track=still.track, motion=SPEECH)
    assert [patch.frame for patch in patches] == list(range(COUNT))
    np.testing.assert_array_equal(composite(frames, patches).planes[0], talking.planes[0])


def test_the_background_stays_to_the_bit(talking: Frames, frames: Frames, still: Footage) -> None:
    marks, scale = still.track.landmarks_px[0], float(still.track.scale_px[0])
    x, _ = np.meshgrid(np.arange(frames.width), np.arange(frames.height))
    middle = marks[list(still.track.layout.eye_corners), :2].mean(axis=0)
    far = np.abs(x - middle[0]) > 2.4 * scale
    assert far.sum() > 0.1 * far.size
    changed = (talking.planes[0] != frames.planes[0]).any(axis=0)
    assert not changed[far].any()
    assert changed[~far].any()
    border = np.ones(far.shape, bool)
    border[2:-2, 2:-2] = False
    assert not changed[border].any()


def test_a_mouth_that_shall_do_what_it_does_is_the_photos(painter: PhotoPainter) -> None:
    calm = sway(Fraction(0), seed=0).scaled(0)
    shape = painter.photo.placed.mouth[0]
    patch = painter.paint(0, shape=shape, pose=calm, closed=0.0, level=1.0)
    error = np.abs(patch.image.astype(int) - painter.photo.image)
    assert error.mean() < 0.5
    none = painter.paint(0, shape=shape + 0.1, pose=calm, closed=0.0, level=0.0)
    np.testing.assert_array_equal(none.image, patch.image)


def test_a_closed_mouth_of_a_closed_photo_is_the_photos(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "closed.mp4", openings=np.zeros(4))
    face = drawn_track(film, layout=IBUG_68)
    made = PortraitRenderer()
    made.prepare([Footage(film.path, face, face.visible)])
    painter = made._stills[0].painter
    photo = painter.photo
    shape = photo.person.shapes(motion_of(np.zeros(1)), placed=photo.placed)[0]
    patch = painter.paint(0, shape=shape, pose=sway(Fraction(0), seed=0).scaled(0), closed=0.0, level=1.0)
    assert np.abs(patch.image.astype(int) - photo.image).mean() < 0.5
    assert np.quantile(np.abs(patch.image.astype(int) - photo.image), 0.995) <= 12


def test_strength_fades_the_movement_in(renderer: PortraitRenderer, frames: Frames, still: Footage) -> None:
    level = np.linspace(0, 1, COUNT).astype(np.float32)
    patches = renderer.render(frames, track=still.track, motion=motion_of(np.ones(COUNT)), strength=level)
    assert [patch.frame for patch in patches] == list(range(1, COUNT))
    image = renderer._stills[0].painter.photo.image.astype(int)
    change = [np.abs(patch.image - image).mean() for patch in patches]
    assert change[0] < 0.2 * change[-1]
    assert change[0] < 0.7


def test_moving_footage_is_drawn_mouth_only(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "moving.mp4", openings=syllables(20), pan=(24.0, 6.0))
    face = drawn_track(film, layout=IBUG_68)
    footage = [Footage(film.path, face, face.visible)]
    (read,) = read_frames(film.path, chunk=20)
    made: list[Callable[[], PortraitRenderer | FootageRenderer]] = [PortraitRenderer, FootageRenderer]
    drawn = []
    for make in made:
        engine = make()
        engine.prepare(footage)
        drawn.append(engine.render(read, track=face, motion=motion_of(np.ones(20))))
    for a, b in zip(*drawn, strict=True):
        np.testing.assert_array_equal(a.image, b.image)
        np.testing.assert_array_equal(a.alpha, b.alpha)


def test_a_photo_is_not_laid_over_a_face_elsewhere(renderer: PortraitRenderer, still: Footage, frames: Frames) -> None:
    away = replace(still.track, landmarks_px=still.track.landmarks_px + np.array([9, 0, 0], np.float32))
    for patch in renderer.render(frames, track=away, motion=SPEECH):
        assert patch.alpha.shape != renderer._stills[0].painter.photo.alpha.shape


def test_teeth_and_dark_are_the_pictures_own(painter: PhotoPainter) -> None:
    """The portrait smiles: what lies between its lips stays where it is when the mouth opens further."""
    photo = painter.photo
    shape = photo.person.shapes(motion_of(np.ones(1)), placed=photo.placed)[0]
    patch = painter.paint(0, shape=shape, pose=sway(Fraction(0), seed=0).scaled(0), closed=0.0, level=1.0)
    ring = photo.placed.mouth[0, photo.person.points.inner]
    top, low = ring[5], ring[15]
    x, y = (photo.to_image[:, :2] @ (top + 0.5 * (low - top)) + photo.to_image[:, 2]).round().astype(int)
    was, now = photo.image[y - 1 : y + 2, x - 6 : x + 7].astype(int), patch.image[y - 1 : y + 2, x - 6 : x + 7]
    assert np.abs(was - now).mean() < 12


def test_the_drawn_cavity_is_darker_than_the_drawn_teeth(tmp_path: Path) -> None:
    film = draw_film(tmp_path / "closed.mp4", openings=np.zeros(4), scale_px=160.0, size=(640, 640))
    face = drawn_track(film, layout=IBUG_68)
    made = PortraitRenderer()
    made.prepare([Footage(film.path, face, face.visible)])
    (read,) = read_frames(film.path, chunk=4)
    wide = composite(read, made.render(read, track=face, motion=motion_of(np.ones(4))))
    x, y = film.mouth_px[0].round().astype(int)
    column = region_rgb(wide, 0, left=x - 16, top=y - 16, width=10, height=56).mean(axis=(1, 2))
    dark = int(column.argmin())
    assert column[:dark].max() > 1.6 * column[dark]
    assert column[dark] < 90
