"""Crops around eyes and nose come to one place, and few of them are kept."""

import cv2
import numpy as np
import pytest

from avsynth.core.media import ColorTags, Frames
from avsynth.face.appearance import Album, Look, head_to_frame, likeness, upper_face
from avsynth.face.layouts import IBUG_68
from avsynth.face.pose import rigid_head


def landmarks(*, angle: float = 0.0, scale: float = 60.0, turn: float = 0.0) -> np.ndarray:
    c, s = np.cos(turn), np.sin(turn)
    head = rigid_head(IBUG_68) @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]).T
    c, s = np.cos(angle), np.sin(angle)
    points = np.zeros((68, 3), np.float32)
    points[list(IBUG_68.rigid), :2] = scale * head[:, :2] @ np.array([[c, s], [-s, c]]) + [150, 100]
    return points


def gray(image: np.ndarray) -> Frames:
    return Frames((image[None],), "gray", 0, np.arange(1), ColorTags(range=2))


def test_the_way_to_the_frame_is_exact_for_a_frontal_head() -> None:
    way = head_to_frame(landmarks(angle=0.3, scale=80), layout=IBUG_68)
    assert np.linalg.det(way[:, :2]) == pytest.approx(80**2)
    assert np.degrees(np.arctan2(way[1, 0], way[0, 0])) == pytest.approx(np.degrees(0.3), abs=1e-3)
    np.testing.assert_allclose(way[:, 2], [150, 100], atol=1e-3)


def test_a_face_that_is_turned_in_the_picture_and_larger_gives_the_same_pattern() -> None:
    noise = np.random.default_rng(1).normal(120, 400, (200, 300)).astype(np.float32)
    image = np.clip(cv2.GaussianBlur(noise, (0, 0), 4), 0, 255).astype(np.uint8)
    one = upper_face(gray(image), 0, landmarks_px=landmarks(), layout=IBUG_68)
    way = head_to_frame(landmarks(angle=0.4, scale=90), layout=IBUG_68)
    back = head_to_frame(landmarks(), layout=IBUG_68)
    full = [np.vstack([matrix, [0, 0, 1]]) for matrix in (way, back)]
    moved = cv2.warpAffine(image, (full[0] @ np.linalg.inv(full[1]))[:2], (300, 200), borderMode=cv2.BORDER_REPLICATE)
    other = upper_face(gray(moved), 0, landmarks_px=landmarks(angle=0.4, scale=90), layout=IBUG_68)
    assert likeness(Look.of(one[None]), Look.of(other[None])) > 0.97
    assert likeness(Look.of(one[None]), Look.of(one[None, :, ::-1])) < 0.5


def test_an_album_keeps_eight_of_the_most_frontal_however_long_it_is() -> None:
    album, frames = Album(), gray(np.full((200, 300), 90, np.uint8))
    assert album.look() is None
    turns = [abs(np.sin(frame)) * 0.5 for frame in range(400)]
    for frame, turn in enumerate(turns):
        album.see(frame, (frames, 0), landmarks_px=landmarks(turn=turn), layout=IBUG_68)
    best = np.degrees(sorted(turns[::10])[:8])
    np.testing.assert_allclose([turned for turned, _ in album.crops], best, atol=1)
    look = album.look()
    assert look is not None
    assert len(look.patterns) == 8
