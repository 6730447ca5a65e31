"""Tracking on real clips: every frame, the right size, and lips that do what was said."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import synth

from avsynth.core.face import FaceTrack
from avsynth.core.media import Frames, Shot
from avsynth.core.script import Script, Utterance
from avsynth.core.span import Span
from avsynth.face.assign import speaking_tracks
from avsynth.face.gates import judge
from avsynth.face.hull import hull_mask, lower_face_hull
from avsynth.face.identity import head_difference, head_shape
from avsynth.face.track import track
from avsynth.media.color import region_rgb
from avsynth.media.probe import probe, require_video
from avsynth.media.read import read_frames

pytestmark = [pytest.mark.real, pytest.mark.weights]
GRID = ("bbaf2n", "brbk7n", "lbax4n", "lbbc2a", "sbia1a")
TICKS_A_FRAME = 1000  # the corpus counts 25,000 ticks a second, at 25 frames a second


@pytest.fixture(scope="module")
def tracked(media: Path) -> Callable[[str], FaceTrack]:
    """The only face of a clip, looked for once."""
    known: dict[str, FaceTrack] = {}

    def look(name: str, frames: int | None = None) -> FaceTrack:
        if name not in known:
            path = media / "talking" / name
            count = require_video(probe(path)).frame_count if frames is None else frames
            (known[name],) = track(path, shots=[Shot(0, count)])
        return known[name]

    return look


@pytest.mark.parametrize("name", GRID)
def test_a_frontal_speaker_is_seen_in_every_frame(tracked: Callable[[str], FaceTrack], name: str) -> None:
    face = tracked(f"grid/{name}.mpg")
    assert len(face) == 75
    assert face.visible.all()
    assert face.score.min() > 0.99
    assert np.abs(np.median(face.pose, axis=0)).max() < 12
    assert 60 < np.median(face.scale_px) < 85
    assert judge(face, frame_size=(288, 360)).usable.all()


@pytest.mark.parametrize("name", GRID)
def test_lips_open_in_speech(tracked: Callable[[str], FaceTrack], name: str) -> None:
    opening = tracked(f"grid/{name}.mpg").layout.mouth_opening(tracked(f"grid/{name}.mpg").landmarks_px)
    assert opening.max() > 0.1
    assert opening.min() < 0.005


@pytest.mark.parametrize("stem", ["bbaf5a", "bbbs7a", "bgbb2p"])
def test_lips_close_where_the_corpus_says_b_or_p(media: Path, tracked: Callable[[str], FaceTrack], stem: str) -> None:
    """Word times are the corpus's own; "bin", "blue", "by" and "please" cannot be said with open lips."""
    video = next((media / "talking/grid_s1/video").glob(f"{stem}.*"))
    face = tracked(f"grid_s1/video/{video.name}")
    opening = face.layout.mouth_opening(face.landmarks_px)
    lines = (media / f"talking/grid_s1/align/{stem}.align").read_text().splitlines()
    words = [(int(a) // TICKS_A_FRAME, int(b) // TICKS_A_FRAME, word) for a, b, word in map(str.split, lines)]
    spoken = [word for word in words if word[2] != "sil"]
    assert opening[0] < 0.005
    assert opening[-4:].max() < 0.005
    assert opening[spoken[0][0] : spoken[-1][1]].mean() > 0.04
    begun = [start for start, _, word in spoken if word[0] in "bp" and len(word) > 1]
    assert len(begun) >= 2
    for start in begun:
        assert opening[start - 3 : start + 4].min() < 0.005


@pytest.fixture(scope="module")
def demo(tracked: Callable[..., FaceTrack]) -> FaceTrack:
    return tracked("studio_demo3.mp4", 240)


def test_a_large_face_that_turns_is_the_only_face(demo: FaceTrack) -> None:
    """His hands look like small faces for half a second; they must not become people."""
    assert len(demo) == 240
    assert demo.visible.all()
    assert np.median(demo.scale_px) == pytest.approx(125, rel=0.08)
    assert np.ptp(demo.pose[:, 0]) > 15
    assert judge(demo, frame_size=(1920, 1080)).usable.all()


def test_landmarks_lie_on_the_lips(media: Path, demo: FaceTrack) -> None:
    """Between the lips it is darker than on them, and lips are redder than the skin around: measured in the picture."""
    redder, darker = [], []
    for index in (60, 120, 200):
        (frames,) = read_frames(media / "talking" / "studio_demo3.mp4", start=index, end=index + 1)
        points = demo.landmarks_px[index, :, :2]
        outer, inner = (points[list(ring)] for ring in (demo.layout.outer_lip, demo.layout.inner_lip))
        left, top = (int(v) for v in outer.min(axis=0) - 20)
        width, height = (int(v) for v in np.ptp(outer, axis=0) + 40)
        rgb = region_rgb(frames, 0, left=left, top=top, width=width, height=height).astype(float)
        place = {"left": left, "top": top, "width": width, "height": height}
        middle = outer.mean(axis=0)
        lips = hull_mask(outer.astype(np.float32), **place) & ~hull_mask(inner.astype(np.float32), **place)
        wide = hull_mask((middle + 1.25 * (outer - middle)).astype(np.float32), **place)
        around = wide & ~hull_mask((middle + 1.1 * (outer - middle)).astype(np.float32), **place)
        red = rgb[..., 0] / rgb.sum(axis=-1)
        redder.append(red[lips].mean() - red[around].mean())
        if demo.layout.mouth_opening(demo.landmarks_px)[index] > 0.05:
            darker.append(rgb[lips].mean() - rgb[hull_mask(inner.astype(np.float32), **place)].mean())
    assert min(redder) > 0.01
    assert min(darker, default=1) > 0


def test_the_hull_holds_the_lips_and_stays_on_the_face(demo: FaceTrack) -> None:
    for points, scale in zip(demo.landmarks_px[::20], demo.scale_px[::20], strict=True):
        mask = hull_mask(lower_face_hull(points, demo.layout), left=0, top=0, width=1080, height=1920)
        lips = np.round(points[list(demo.layout.outer_lip), :2]).astype(int)
        jaw = np.round(points[list(demo.layout.jaw), :2]).astype(int)
        assert mask[lips[:, 1], lips[:, 0]].all()
        assert mask[jaw[:, 1], jaw[:, 0]].sum() <= 1
        assert 0.5 < mask.sum() / scale**2 < 1.8


def test_one_man_is_known_again_and_told_from_the_others(tracked: Callable[[str], FaceTrack], media: Path) -> None:
    """``bbaf2n`` is of the man of ``grid_s1``; the other four are four other people."""
    names = [f"grid/{name}.mpg" for name in GRID]
    shapes = {name: head_shape(tracked(name)) for name in names}
    video = next((media / "talking/grid_s1/video").glob("bbaf5a.*"))
    man = head_shape(tracked(f"grid_s1/video/{video.name}"))
    gaps = {name: head_difference(man, shape) for name, shape in shapes.items()}  # type: ignore[arg-type]
    assert gaps.pop(names[0]) < 0.014
    assert min(gaps.values()) > 0.018


def test_a_camera_that_pans_and_zooms_moves_every_landmark_with_it(tmp_path: Path, portrait: Path) -> None:
    """A still face under a known motion: what remains after undoing the motion is the engine's error."""
    path, to_frame = synth.portrait_film(
        tmp_path / "pan.mp4", portrait=portrait, seconds=2, pan=(80, 20), zoom=1.3, size=(640, 480)
    )
    (face,) = track(path, shots=[Shot(0, len(to_frame))])
    assert face.visible.all()
    inverse = [np.linalg.inv(np.vstack([m, [0, 0, 1]])) for m in to_frame]
    still = np.stack([p[:, :2] @ m[:2, :2].T + m[:2, 2] for p, m in zip(face.landmarks_px, inverse, strict=True)])
    scale = face.layout.scale_px(still)
    lips = still[:, [*face.layout.outer_lip, *face.layout.inner_lip]]
    assert np.abs(lips - np.median(lips, axis=0)).mean() / np.median(scale) < 0.006
    assert scale.std() / scale.mean() < 0.01
    assert face.layout.mouth_opening(face.landmarks_px).std() < 0.006


def test_of_two_faces_the_one_that_talks_speaks_the_line(media: Path, tmp_path: Path) -> None:
    """On the left a man who keeps still (one frame, held), on the right one who talks."""
    grid = media / "talking" / "grid"
    (talk,) = read_frames(grid / "sbia1a.mpg", chunk=75)
    (still,) = read_frames(grid / "brbk7n.mpg", end=1)
    whole = {"left": 0, "top": 0, "width": 360, "height": 288}
    left = region_rgb(still, 0, **whole)
    pictures = [np.hstack([left, region_rgb(talk, i, **whole)]) for i in range(75)]
    synth.write_film(tmp_path / "two.mp4", pictures, frame_rate=25)
    faces = track(tmp_path / "two.mp4", shots=[Shot(0, 75)])
    assert len({face.id for face in faces}) == 2
    assert all(len(face) == 75 and face.visible.all() for face in faces)
    line = Utterance("1", Span(Fraction(1, 2), Fraction(5, 2)), "Ana", "hola", "es")
    (chosen,) = speaking_tracks(faces, Script((line,)), frame_rate=Fraction(25)).values()
    (face,) = (face for face in faces if face.id == chosen)
    assert face.landmarks_px[..., 0].min() > 360


def test_ten_bits_are_tracked_as_eight(media: Path, tracked: Callable[[str], FaceTrack]) -> None:
    """The engine sees the same picture whatever the bit depth of the film."""
    from avsynth.face.backends.facemesh import FaceMesh

    (eight,) = read_frames(media / "talking/grid/sbia1a.mpg", start=0, end=1)
    planes = tuple((plane.astype(np.uint16) << 2) for plane in eight.planes)
    ten = Frames(planes, "yuv420p10le", 0, eight.pts, eight.color)
    engine = FaceMesh()
    (region,) = engine.detect(eight, 0)
    gap = engine.fit(ten, 0, region=region).landmarks_px - engine.fit(eight, 0, region=region).landmarks_px
    assert np.abs(gap).max() < 0.3
