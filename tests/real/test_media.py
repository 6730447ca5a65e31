"""Real clips are read, written and joined without losing a frame or a sample."""

import itertools
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from avsynth.core.media import ColorTags
from avsynth.core.span import Span
from avsynth.media.probe import frame_times, probe
from avsynth.media.read import read_audio, read_frames
from avsynth.media.shots import detect_shots
from avsynth.media.write import FilmWriter, mux

MEDIA = Path(os.environ.get("AVSYNTH_TEST_MEDIA", Path(__file__).parents[3] / "shared" / "media"))
STUDIO = MEDIA / "talking" / "studio_demo3.mp4"
GRID = sorted((MEDIA / "talking" / "grid").glob("*.mpg")) or [MEDIA / "talking" / "grid" / "none.mpg"]

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not STUDIO.exists() or not GRID[0].exists(), reason=f"no clips in {MEDIA}"),
]


def test_studio_clip():
    info = probe(STUDIO)
    assert (info.video.width, info.video.height, info.video.codec) == (1080, 1920, "hevc")
    assert (info.video.frame_rate, info.video.frame_count, info.video.is_vfr) == (Fraction(30), 600, False)
    assert info.video.color == ColorTags(1, 1, 1, 1)
    assert info.duration == 20
    assert info.audio[0].sample_rate == 44_100


@pytest.mark.parametrize("path", GRID, ids=lambda path: path.stem)
def test_grid_clips(path):
    info = probe(path)
    assert (info.container, info.video.codec) == ("mpeg", "mpeg1video")
    assert (info.video.width, info.video.height) == (360, 288)
    assert (info.video.frame_rate, info.video.frame_count, info.duration) == (25, 75, 3)
    assert sum(len(frames) for frames in read_frames(path)) == 75
    assert [(shot.start, shot.end) for shot in detect_shots(path)] == [(0, 75)]


def test_any_part_of_a_program_stream_is_the_part_of_the_whole():
    """MPEG program streams seek badly: the whole is the truth."""
    whole = np.concatenate([frames.planes[0] for frames in read_frames(GRID[0])])
    for start, end in [(0, 3), (14, 17), (29, 45), (74, 75)]:
        part = np.concatenate([frames.planes[0] for frames in read_frames(GRID[0], start=start, end=end)])
        np.testing.assert_array_equal(part, whole[start:end])


def test_seeking_in_the_studio_clip_finds_the_frame():
    (near,) = read_frames(STUDIO, start=311, end=312)
    *_, far = read_frames(STUDIO, start=290, end=312, chunk=1)
    np.testing.assert_array_equal(near.planes[0], far.planes[0])
    assert near.pts.tolist() == far.pts.tolist() == [311 * 512]


def test_words_sound_where_the_alignment_says():
    """GRID's word times are of the same film: speech is loud inside the words and quiet before the first."""
    folder = MEDIA / "talking" / "grid_s1"
    checked = 0
    for path in sorted((folder / "video").glob("*.mpg"))[:10]:
        rows = [line.split() for line in (folder / "align" / f"{path.stem}.align").read_text().splitlines()]
        words = [(Fraction(int(a), 25_000), Fraction(int(b), 25_000)) for a, b, word in rows if word != "sil"]
        sound = read_audio(path, sample_rate=16_000)
        spoken = np.abs(sound.cut(Span(words[0][0], words[-1][1])).mono()).mean()
        before = np.abs(sound.cut(Span(Fraction(0), words[0][0] - Fraction(1, 20))).mono()).mean()
        assert spoken > 4 * before
        checked += 1
    assert checked == 10


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_grid_clip_goes_through(tmp_path, suffix):
    path = GRID[0]
    info = probe(path)
    parts = []
    for start, end in itertools.pairwise([0, 20, 51, 75]):
        parts.append(tmp_path / f"{start}.mp4")
        with FilmWriter(parts[-1], like=info.video) as writer:
            for frames in read_frames(path, start=start, end=end):
                writer.write(frames)
    sound = read_audio(path, sample_rate=48_000)
    output = tmp_path / f"out{suffix}"
    mux(output, segments=parts, sound=sound, language="es-MX", like=info, title=path.stem)
    made = probe(output)
    assert (made.video.frame_count, made.video.frame_rate, made.duration) == (75, 25, 3)
    ticks, time_base = frame_times(output)
    assert [int(t) * time_base for t in ticks] == [Fraction(k, 25) for k in range(75)]
    before = np.concatenate([frames.planes[0] for frames in read_frames(path)]).astype(np.int16)
    after = np.concatenate([frames.planes[0] for frames in read_frames(output)]).astype(np.int16)
    error = ((after - before) ** 2.0).mean(axis=(1, 2))
    psnr = 10 * np.log10(255**2 / error)
    assert psnr.min() > 38
    heard = read_audio(output)
    count = min(heard.samples.shape[1], sound.samples.shape[1])
    assert abs(heard.samples.shape[1] - sound.samples.shape[1]) <= 1
    quality = np.corrcoef(heard.samples[0, :count], sound.samples[0, :count])[0, 1]
    assert quality > 0.999
