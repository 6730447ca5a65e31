"""Tracking with an engine that sees white squares as faces: what is found, from where to where, and as whom."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import synth
from numpy.typing import NDArray

from avsynth.core.errors import InputError, MediaError
from avsynth.core.face import FaceTrack
from avsynth.core.media import Frames, Shot
from avsynth.face.base import FoundFace, Region
from avsynth.face.layouts import IBUG_68
from avsynth.face.pose import _HEAD
from avsynth.face.track import find_shots_and_track, track
from avsynth.media.shots import ShotFinder

COUNT, SIDE = 60, 24


class Squares:
    """Sees a face in every white square: 68 flat points that fill it."""

    layout = IBUG_68

    def __init__(self) -> None:
        self.looks: list[int] = []
        self.fits = 0

    def detect(self, frames: Frames, index: int, *, rotation: int = 0, thorough: bool = True) -> list[Region]:
        self.looks.append(frames.start + index)
        white = (frames.planes[0][index] > 150).astype(np.uint8)
        count, _, stats, centers = cv2.connectedComponentsWithStats(white)
        return [Region(*centers[i], 1.5 * SIDE) for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] > 200]

    def fit(self, frames: Frames, index: int, *, region: Region) -> FoundFace:
        self.fits += 1
        luma = frames.planes[0][index]
        left, top = max(int(region.x - SIDE), 0), max(int(region.y - SIDE), 0)
        rows, columns = np.nonzero(luma[top : int(region.y + SIDE), left : int(region.x + SIDE)] > 150)
        if len(rows) < 200:
            return FoundFace(np.zeros((68, 3), np.float32), 0.0)
        points = np.zeros((68, 3), np.float32)
        points[list(IBUG_68.rigid)] = np.array(_HEAD["ibug-68"]) * SIDE
        points[:, :2] += (columns.mean() + left, rows.mean() + top)
        points[:, 2] = 0
        return FoundFace(points, 0.9)

    def region(self, landmarks_px: NDArray[np.float32]) -> Region:
        x, y = landmarks_px[60, :2]  # lies in the middle
        return Region(float(x), float(y), 1.5 * SIDE)


Where = Callable[[int], list[tuple[float, float]]]


def film(path: Path, where: Where, count: int = COUNT) -> Path:
    """Squares on dark gray; ``where`` says the middles in each frame."""

    def pictures() -> Iterator[np.ndarray]:
        for frame in range(count):
            picture = np.full((120, 200, 3), 40, np.uint8)
            for x, y in where(frame):
                picture[int(y - SIDE / 2) : int(y + SIDE / 2), int(x - SIDE / 2) : int(x + SIDE / 2)] = 230
            yield picture

    synth.write_film(path, pictures(), frame_rate=25)
    return path


def middles(face: FaceTrack) -> np.ndarray:
    return face.landmarks_px[:, 60, :2]


def test_a_moving_face_is_followed_in_every_frame(tmp_path: Path) -> None:
    engine = Squares()
    told: list[tuple[str, int, int]] = []
    path = film(tmp_path / "a.mp4", lambda t: [(40 + 2 * t, 60)])
    (face,) = track(path, shots=[Shot(0, COUNT)], landmarker=engine, progress=lambda *state: told.append(state))
    assert (face.id, face.start, face.end) == (0, 0, COUNT)
    assert face.visible.all()
    assert middles(face)[:, 0] == pytest.approx(39.5 + 2 * np.arange(COUNT), abs=0.3)
    assert len(engine.looks) <= COUNT // 8 + 2  # the detector is not asked in every frame
    assert told[-1] == ("tracking faces", COUNT, COUNT)


@pytest.mark.parametrize("first", [1, 6, 13, 16, 23])
def test_a_face_is_found_back_to_the_frame_it_appears_in(tmp_path: Path, first: int) -> None:
    path = film(tmp_path / "a.mp4", lambda t: [(50, 60)] + ([(140, 60)] if first <= t < 45 else []))
    one, two = track(path, shots=[Shot(0, COUNT)], landmarker=Squares())
    assert (one.start, one.end, two.start, two.end) == (0, COUNT, first, 45)
    assert one.id != two.id
    assert two.visible.all()


@pytest.mark.parametrize("gap", [range(20, 23), range(14, 17), range(16, 30)])
def test_a_lost_face_keeps_its_track_and_its_nearest_landmarks(tmp_path: Path, gap: range) -> None:
    path = film(tmp_path / "a.mp4", lambda t: [] if t in gap else [(60 + t / 4, 60)])
    (face,) = track(path, shots=[Shot(0, COUNT)], landmarker=Squares())
    assert (face.start, face.end) == (0, COUNT)
    assert np.flatnonzero(~face.visible).tolist() == list(gap)
    assert (face.score[list(gap)] == 0).all()
    assert np.array_equal(face.landmarks_px[gap.start], face.landmarks_px[gap.start - 1])
    assert np.array_equal(face.landmarks_px[gap.stop - 1], face.landmarks_px[gap.stop])


def test_two_people_keep_apart(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", lambda t: [(40 + t / 2, 40), (160 - t / 2, 80)])
    one, two = track(path, shots=[Shot(0, COUNT)], landmarker=Squares())
    assert {one.id, two.id} == {0, 1}
    for face in (one, two):
        steps = np.diff(middles(face)[:, 0])
        assert len(face) == COUNT
        assert np.sign(steps.mean()) * steps.mean() == pytest.approx(0.5, abs=0.05)


def test_nothing_reaches_over_a_cut(tmp_path: Path) -> None:
    """The face jumps at frame 21, which is no multiple of a chunk, and is alone in both shots: one person."""
    path = film(tmp_path / "a.mp4", lambda t: [(40, 60)] if t < 21 else [(150, 70)])
    pieces = track(path, shots=[Shot(0, 21), Shot(21, COUNT)], landmarker=Squares())
    assert [(p.id, p.start, p.end) for p in pieces] == [(0, 0, 21), (0, 21, COUNT)]
    assert middles(pieces[0])[:, 0] == pytest.approx(39.5, abs=0.3)
    assert middles(pieces[1])[:, 0] == pytest.approx(149.5, abs=0.3)


def test_flat_faces_of_many_people_are_not_taken_for_one(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", lambda t: [(40, 60), (140, 60)] if t < 30 else [(90, 60)])
    pieces = track(path, shots=[Shot(0, 30), Shot(30, COUNT)], landmarker=Squares())
    assert len({piece.id for piece in pieces}) == 3


def test_only_the_shots_asked_for_are_looked_at(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", lambda t: [(60, 60)])
    engine = Squares()
    pieces = track(path, shots=[Shot(10, 20), Shot(40, 55)], landmarker=engine)
    assert [(p.start, p.end) for p in pieces] == [(10, 20), (40, 55)]
    assert all(10 <= frame < 20 or 40 <= frame < 55 for frame in engine.looks)


def test_what_is_seen_for_a_moment_is_no_face(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", lambda t: [(50, 60)] + ([(140, 60)] if 20 <= t < 26 else []))
    (face,) = track(path, shots=[Shot(0, COUNT)], landmarker=Squares())
    assert len(face) == COUNT


def test_a_film_without_faces_has_no_tracks(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", lambda t: [], count=20)
    assert track(path, shots=[Shot(0, 20)], landmarker=Squares()) == ()


def test_shots_that_overlap_and_films_that_are_not_there_are_errors(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", lambda t: [], count=20)
    with pytest.raises(InputError, match="must not overlap"):
        track(path, shots=[Shot(0, 11), Shot(10, 20)], landmarker=Squares())
    with pytest.raises(MediaError):
        track(tmp_path / "absent.mp4", shots=[Shot(0, 5)], landmarker=Squares())


def two_shots(path: Path) -> Path:
    """A square that jumps where, after 30 frames, the room becomes another."""

    def pictures() -> Iterator[np.ndarray]:
        for frame in range(COUNT):
            picture = np.full((120, 200, 3), (40, 40, 40) if frame < 30 else (20, 60, 120), np.uint8)
            x = 60 + frame if frame < 30 else 150 - frame
            picture[48:72, x - 12 : x + 12] = 230
            yield picture

    synth.write_film(path, pictures(), frame_rate=25)
    return path


@pytest.mark.parametrize("blind", [False, True])
def test_shots_found_on_the_way_give_the_same_tracks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blind: bool
) -> None:
    path = two_shots(tmp_path / "a.mp4")
    wanted = track(path, shots=[Shot(0, 30), Shot(30, COUNT)], landmarker=Squares())
    if blind:  # it knows of no cut before it has seen the whole film
        known = ShotFinder.cuts
        monkeypatch.setattr(ShotFinder, "cuts", lambda self, since=0: [] if since else known(self))
    told: list[tuple[str, int, int]] = []
    engine = Squares()
    shots, found = find_shots_and_track(path, landmarker=engine, progress=lambda *state: told.append(state))
    assert shots == (Shot(0, 30), Shot(30, COUNT))
    assert told[-1][1:] == ((2 * COUNT, 2 * COUNT) if blind else (COUNT, COUNT))
    for one, other in zip(wanted, found, strict=True):
        assert (one.id, one.start) == (other.id, other.start)
        assert np.array_equal(one.landmarks_px, other.landmarks_px)
        assert np.array_equal(one.visible, other.visible)


def test_the_detector_looks_in_the_thread_that_reads(tmp_path: Path) -> None:
    class Told(Squares):
        threads: frozenset[str] = frozenset()

        def detect(self, frames: Frames, index: int, *, rotation: int = 0, thorough: bool = True) -> list[Region]:
            self.threads |= {threading.current_thread().name}
            return super().detect(frames, index, rotation=rotation, thorough=thorough)

    engine = Told()
    track(two_shots(tmp_path / "a.mp4"), shots=[Shot(0, 30), Shot(30, COUNT)], landmarker=engine)
    assert engine.threads == {"avsynth-ahead"}
