"""What comes before a mouth is noticed, whatever the mouth and the light do."""

import cv2
import numpy as np
import pytest

from avsynth.core.media import ColorTags, Frames
from avsynth.face.layouts import IBUG_68
from avsynth.face.occlusion import Cells, covering, lower_face
from avsynth.face.pose import rigid_head

SIDE, EYES, MIDDLE = 320, 100.0, (160.0, 110.0)
SKIN, LIPS, CAVITY = (200, 150, 120), (170, 80, 80), (60, 25, 25)


def landmarks() -> np.ndarray:
    """A face whose rigid points and jaw are where a frontal head has them; the other points are not looked at."""
    points = np.zeros((68, 3), np.float32)
    points[list(IBUG_68.rigid), :2] = rigid_head(IBUG_68)[:, :2]
    angle = np.linspace(np.pi, 0, 17)
    points[:17, :2] = np.column_stack([0.75 * np.cos(angle), 0.2 + 1.2 * np.sin(angle)])
    points[:, :2] = points[:, :2] * EYES + MIDDLE
    return points


def picture(opening: float, *, light: float = 1.0, wall: int = 40) -> np.ndarray:
    image = np.full((SIDE, SIDE, 3), wall, np.uint8)
    x, y = (round(v) for v in MIDDLE)
    cv2.ellipse(image, (x, y + 20), (85, 130), 0, 0, 360, SKIN, -1)
    cv2.ellipse(image, (x, y + 83), (30, 10 + round(opening)), 0, 0, 360, LIPS, -1)
    cv2.ellipse(image, (x, y + 83), (22, 1 + round(opening)), 0, 0, 360, CAVITY, -1)
    return np.clip(image * light, 0, 255).astype(np.uint8)


def cells(image: np.ndarray) -> Cells:
    planes = tuple(np.ascontiguousarray(p)[None] for p in np.moveaxis(cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb), 2, 0))
    frames = Frames((planes[0], planes[2], planes[1]), "yuv444p", 0, np.arange(1), ColorTags(matrix=5, range=2))
    return lower_face(frames, 0, landmarks_px=landmarks(), layout=IBUG_68)


def speech(count: int) -> np.ndarray:
    return 7 + 7 * np.sin(np.arange(count) * 0.7)


def test_cells_do_not_change_with_the_light() -> None:
    bright, dim = (cells(picture(5, light=light)) for light in (1.0, 0.6))
    assert bright[0].shape == (80, 3)
    gap = np.abs(bright[0].astype(float) - dim[0].astype(float)).max(axis=0)
    assert gap[0] < 1.5
    assert gap[1:].max() < 5  # chroma is stored in whole levels, and twice its difference scaled by 1.3 is compared
    assert bright[2] == 1
    assert cells(picture(5, light=0.1))[2] == pytest.approx(0.1 * 157 / 40, rel=0.1)  # the skin's mean is 157


def test_a_mouth_that_speaks_is_not_covered() -> None:
    score = covering([cells(picture(opening)) for opening in speech(75)])
    assert score.dtype == np.float32
    assert score.max() < 3.5


@pytest.mark.parametrize("color", [(20, 20, 20), (240, 240, 240), (150, 100, 80)], ids=["dark", "bright", "skin"])
def test_a_bar_before_the_mouth_is_noticed_in_its_frames_only(color: tuple[int, int, int]) -> None:
    seen = []
    for index, opening in enumerate(speech(75)):
        image = picture(opening)
        if 30 <= index < 48:
            cv2.rectangle(image, (135, 170), (185, 260), color, -1)
        seen.append(cells(image))
    score = covering(seen)
    assert score[30:48].min() > 7
    assert max(score[:30].max(), score[48:].max()) < 5


def test_what_moves_beyond_the_jaw_is_not_looked_at() -> None:
    walls = [40] * 30 + [220] * 10 + [40] * 35
    score = covering([cells(picture(o, wall=wall)) for o, wall in zip(speech(75), walls, strict=True)])
    assert score.max() < 5


def test_a_fade_is_not_taken_for_a_cover() -> None:
    light = np.concatenate([np.linspace(0.02, 1, 20), np.ones(55)])
    score = covering([cells(picture(o, light=part)) for o, part in zip(speech(75), light, strict=True)])
    assert score.max() < 7


def test_a_few_frames_tell_nothing() -> None:
    assert covering([]).shape == (0,)
    assert not covering([cells(picture(0)), *[cells(picture(10))] * 20]).any()
