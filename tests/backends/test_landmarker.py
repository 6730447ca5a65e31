"""Every landmark engine finds a real face, puts points where they belong, and moves them as the picture moves."""

import inspect
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from avsynth.core.errors import ModelError
from avsynth.core.media import ColorTags, Frames
from avsynth.face.base import LANDMARKERS, FoundFace, Landmarker
from avsynth.media.color import rgb_to_planes

pytestmark = pytest.mark.weights
BT709 = ColorTags(1, 1, 1, 1)
FACE = np.array([225.0, 128.0])  # middle of the portrait's face
_EYES_PX = 62.0  # distance of its outer eye corners


def as_frames(*pictures: np.ndarray) -> Frames:
    planes = [rgb_to_planes(picture, pixel_format="yuv420p", color=BT709) for picture in pictures]
    stacked = tuple(np.stack([p[i] for p in planes]) for i in range(3))
    return Frames(stacked, "yuv420p", 0, np.arange(len(pictures), dtype=np.int64), BT709)


@pytest.fixture(scope="module", params=LANDMARKERS.names())
def engine(request: pytest.FixtureRequest) -> Landmarker:
    try:
        made: Landmarker = LANDMARKERS.get(request.param)()
    except ModelError as error:
        pytest.skip(f"{request.param}: {error}")
    return made


@pytest.fixture(scope="module")
def picture(portrait: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(portrait)), cv2.COLOR_BGR2RGB)


def found(engine: Landmarker, picture: np.ndarray) -> FoundFace:
    frames = as_frames(picture)
    (region,) = engine.detect(frames, 0)
    face = engine.fit(frames, 0, region=region)
    return engine.fit(frames, 0, region=engine.region(face.landmarks_px))


def test_one_face_is_found_where_it_is(engine: Landmarker, picture: np.ndarray) -> None:
    face = found(engine, picture)
    points = face.landmarks_px
    assert points.shape == (engine.layout.points, 3)
    assert points.dtype == np.float32
    assert 0.5 < face.score <= 1
    assert np.abs(points[:, :2].mean(axis=0) - FACE).max() < 15
    assert engine.layout.scale_px(points[None])[0] == pytest.approx(_EYES_PX, rel=0.1)


def test_points_are_where_their_names_say(engine: Landmarker, picture: np.ndarray) -> None:
    layout, points = engine.layout, found(engine, picture).landmarks_px[:, :2]
    left, right = points[list(layout.eye_corners)]
    assert left[0] < right[0]
    mouth = points[list(layout.outer_lip)].mean(axis=0)
    assert mouth[1] > max(left[1], right[1]) + 0.5 * _EYES_PX
    assert points[layout.jaw[len(layout.jaw) // 2], 1] > points[list(layout.outer_lip), 1].max()
    assert points[layout.jaw[0], 0] < points[layout.corners[0], 0] < points[layout.corners[1], 0]
    for upper, lower in layout.opening:
        assert points[lower, 1] > points[upper, 1] - 1
    assert 0.02 < layout.mouth_opening(points[None])[0] < 0.2  # she smiles and shows her teeth


@pytest.mark.parametrize("shift", [(0, 0), (30, 0), (-21, 13)])
def test_landmarks_move_with_the_picture(engine: Landmarker, picture: np.ndarray, shift: tuple[int, int]) -> None:
    moved = cv2.warpAffine(picture, np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float64), (512, 512))
    gap = found(engine, moved).landmarks_px - found(engine, picture).landmarks_px
    assert np.abs(gap[:, :2] - shift).mean() < 1.0


@pytest.mark.parametrize("factor", [0.7, 2.0])
def test_landmarks_grow_with_the_picture(engine: Landmarker, picture: np.ndarray, factor: float) -> None:
    grown = cv2.resize(
        picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    )
    grown = grown[: grown.shape[0] // 2 * 2, : grown.shape[1] // 2 * 2]
    gap = (found(engine, grown).landmarks_px[:, :2] + 0.5) / factor - 0.5 - found(engine, picture).landmarks_px[:, :2]
    assert np.abs(gap).mean() < 0.02 * _EYES_PX


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_picture_that_a_player_turns_is_searched_upright(
    engine: Landmarker, picture: np.ndarray, rotation: int
) -> None:
    stored = np.rot90(picture, rotation // 90).copy()  # counter-clockwise: a player turns it back clockwise
    frames = as_frames(stored)
    (region,) = engine.detect(frames, 0, rotation=rotation)
    assert np.cos(region.angle + np.radians(rotation)) > 0.9
    face = engine.fit(frames, 0, region=region)
    assert face.score > 0.5
    upright = found(engine, picture).landmarks_px
    assert engine.layout.scale_px(face.landmarks_px[None])[0] == pytest.approx(
        engine.layout.scale_px(upright[None])[0], rel=0.05
    )


def test_where_no_face_is_nothing_is_found(engine: Landmarker) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (360, 480, 3)).astype(np.uint8)
    gray = np.full((360, 480, 3), 128, np.uint8)
    frames = as_frames(noise, gray)
    assert engine.detect(frames, 0) == []
    assert engine.detect(frames, 1) == []


@pytest.mark.parametrize(("width", "place"), [(1920, (400, 300)), (1280, (1000, 500))])
def test_a_face_as_small_as_is_ever_changed_is_found_in_a_large_picture(
    engine: Landmarker, picture: np.ndarray, width: int, place: tuple[int, int]
) -> None:
    large = np.full((width * 9 // 16, width, 3), 110, np.uint8)
    small = cv2.resize(picture[30:240, 120:330], None, fx=40 / _EYES_PX, fy=40 / _EYES_PX, interpolation=cv2.INTER_AREA)
    x, y = place
    large[y : y + small.shape[0], x : x + small.shape[1]] = small
    scale = engine.layout.scale_px(found(engine, large).landmarks_px[None])[0]
    assert scale == pytest.approx(40, rel=0.1)


def test_the_same_picture_gives_the_same_landmarks(engine: Landmarker, picture: np.ndarray) -> None:
    assert np.array_equal(found(engine, picture).landmarks_px, found(engine, picture).landmarks_px)


def test_face_alignment_never_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(ModelError, match=r"not at .*2DFAN4.*get them once, while online"):
        LANDMARKERS.get("face-alignment")()
    assert list(tmp_path.iterdir()) == []


def test_face_alignment_puts_the_packages_points_into_the_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture: np.ndarray
) -> None:
    """The package is built from local weights; what it answers in its crop lands at the right place of the frame."""
    from face_alignment.api import FAN, FaceAlignment

    (tmp_path / "checkpoints").mkdir()
    torch.save(FAN(4).state_dict(), tmp_path / "checkpoints" / "2DFAN4-11f355bf06.pth.tar")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("face_alignment.utils.get_dir", lambda: str(tmp_path))
    seen = {}

    def answer(
        self, image_or_path, detected_faces=None, return_bboxes=False, return_landmark_score=False
    ):  # its signature
        image = image_or_path
        assert image.dtype == np.uint8
        assert return_landmark_score
        seen["image"], (seen["box"],) = image, detected_faces
        middle = np.full((68, 2), (image.shape[0] - 1) / 2)
        return [middle], [np.full(68, 0.8)], None

    assert inspect.signature(answer) == inspect.signature(FaceAlignment.get_landmarks_from_image)
    monkeypatch.setattr(FaceAlignment, "get_landmarks_from_image", answer)
    engine: Landmarker = LANDMARKERS.get("face-alignment")()
    frames = as_frames(picture)
    (region,) = engine.detect(frames, 0)
    face = engine.fit(frames, 0, region=region)
    assert face.landmarks_px[:, :2] == pytest.approx(np.tile([region.x, region.y], (68, 1)), abs=0.01)
    assert (face.landmarks_px[:, 2] == 0).all()
    assert face.score == pytest.approx(0.8)
    left, top, right, bottom = (int(side) for side in seen["box"])
    skin, corner = seen["image"][top:bottom, left:right].mean(axis=(0, 1)), seen["image"][:40, :40].mean(axis=(0, 1))
    assert skin[0] - skin[2] > corner[0] - corner[2] + 20  # her face is in the box, the wall in the corner
