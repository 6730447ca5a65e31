"""The footage renderer on a real person: what it puts back must be what was there."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from avsynth.core.face import FaceTrack, MouthMotion
from avsynth.core.media import Frames, Shot
from avsynth.core.span import Span
from avsynth.core.speech import PhonemeSpan, PhonemeTimeline
from avsynth.face.hull import hull_mask, lower_face_hull
from avsynth.face.track import track as track_faces
from avsynth.lipsync.animate import animate
from avsynth.lipsync.backends.footage import FootageRenderer
from avsynth.lipsync.base import Footage
from avsynth.lipsync.composite import composite
from avsynth.media.color import region_rgb
from avsynth.media.probe import probe
from avsynth.media.read import read_frames
from avsynth.media.write import FilmWriter

pytestmark = [pytest.mark.real, pytest.mark.weights]

RATE = Fraction(25)
UNSEEN = range(22, 42)  # of the clip's 75 frames: speech that the renderer is not shown


@pytest.fixture(scope="module")
def clip(media: Path) -> Path:
    return media / "talking" / "grid" / "bbaf2n.mpg"


@pytest.fixture(scope="module")
def frames(clip: Path) -> Frames:
    (film,) = read_frames(clip, chunk=75)
    return film


@pytest.fixture(scope="module")
def track(clip: Path, frames: Frames) -> FaceTrack:
    (face,) = track_faces(clip, shots=(Shot(0, len(frames)),))
    assert face.visible.all()
    return face


@pytest.fixture(scope="module")
def renderer(clip: Path, track: FaceTrack) -> FootageRenderer:
    engine = FootageRenderer()
    usable = np.ones(len(track), bool)
    usable[list(UNSEEN)] = False
    engine.prepare([Footage(clip, track, usable)])
    return engine


def redrawn(engine: FootageRenderer, frames: Frames, track: FaceTrack, motion: MouthMotion) -> Frames:
    return composite(frames, engine.render(frames, track=track, motion=motion))


def openings(film: Frames, track: FaceTrack, folder: Path, like: Path) -> np.ndarray:
    """The mouth's opening as the landmark engine sees it in pictures that were written and read again."""
    video = probe(like).video
    assert video is not None
    path = folder / "redrawn.mp4"
    with FilmWriter(path, like=video) as writer:
        writer.write(film)
    (seen,) = track_faces(path, shots=(Shot(0, len(film)),))
    return seen.layout.mouth_opening(seen.landmarks_px)


def mouth_error(a: Frames, b: Frames, track: FaceTrack, rows: range) -> float:
    """Peak signal-to-noise ratio of the box around the lips, in decibels."""
    errors = []
    for row in rows:
        lips = track.landmarks_px[row][list(track.layout.outer_lip), :2]
        (left, top), (right, bottom) = lips.min(axis=0) - 8, lips.max(axis=0) + 8
        box = {"left": int(left), "top": int(top), "width": int(right - left), "height": int(bottom - top)}
        errors.append(np.mean((region_rgb(a, row, **box).astype(float) - region_rgb(b, row, **box)) ** 2))
    return float(10 * np.log10(255**2 / np.mean(errors)))


def test_unseen_frames_are_redrawn_from_the_others(
    renderer: FootageRenderer, frames: Frames, track: FaceTrack, clip: Path, tmp_path: Path
) -> None:
    motion = renderer.person.follow(track, frame_rate=RATE)
    result = redrawn(renderer, frames, track, motion)
    assert mouth_error(result, frames, track, UNSEEN) > 27
    truth = track.layout.mouth_opening(track.landmarks_px)
    seen = openings(result, track, tmp_path, clip)
    assert np.corrcoef(seen[UNSEEN], truth[UNSEEN])[0, 1] > 0.9


def test_pixels_outside_the_hull_are_the_films_own(renderer: FootageRenderer, frames: Frames, track: FaceTrack) -> None:
    result = redrawn(renderer, frames, track, renderer.person.follow(track, frame_rate=RATE))
    for row in UNSEEN:
        polygon = lower_face_hull(track.landmarks_px[row], track.layout)
        inside = hull_mask(polygon, left=0, top=0, width=frames.width, height=frames.height)
        changed = result.planes[0][row] != frames.planes[0][row]
        assert changed.any()
        assert not (changed & ~inside).any()


def test_a_spoken_line_opens_and_closes_the_real_mouth(
    renderer: FootageRenderer, frames: Frames, track: FaceTrack, clip: Path, tmp_path: Path
) -> None:
    sounds = [PhonemeSpan(s, Span(Fraction(k, 4), Fraction(k + 1, 4))) for k, s in enumerate("mapamapa", start=2)]
    timeline = PhonemeTimeline(tuple(sounds), Fraction(3))
    motion = animate(timeline, frame_rate=RATE, frame_count=75)
    seen = openings(redrawn(renderer, frames, track, motion), track, tmp_path, clip)
    wanted = motion.coefficients[:, 0]
    assert np.corrcoef(seen, wanted)[0, 1] > 0.85
    assert np.median(seen[wanted == 0]) < 0.35 * np.median(seen[wanted > 0.8])
