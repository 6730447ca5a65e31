"""What is written is what was read: planes, times, colors, shape, turn; and the same bytes each time."""

from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.errors import InputError, OutputError
from avsynth.core.media import PIXEL_FORMATS, ColorTags, Frames
from avsynth.media.probe import frame_times, probe
from avsynth.media.read import read_frames
from avsynth.media.write import EncodeSettings, FilmWriter

EXACT = EncodeSettings(crf=0, preset="ultrafast")
VARYING = [int(t) for t in np.cumsum([0] + [20, 40, 10] * 14)[:40]]


def copy(source, target, settings=EXACT, **bounds):
    with FilmWriter(target, like=probe(source).video, settings=settings) as writer:
        for frames in read_frames(source, **bounds):
            writer.write(frames)
    return target


def all_planes(path):
    chunks = list(read_frames(path))
    return [np.concatenate([c.planes[i] for c in chunks]) for i in range(len(chunks[0].planes))]


@pytest.mark.parametrize("name", sorted(n for n, layout in PIXEL_FORMATS.items() if layout.bit_depth == 8))
def test_lossless_planes_come_back_bit_for_bit(film, tmp_path, name):
    """x264 at crf 0 loses nothing, so any difference would be a conversion on the way."""
    codec = ("mjpeg", "a.avi") if name == "yuvj420p" else ("ffv1", "a.mkv")
    path = film(codec[1], codec=codec[0], options={}, pixel_format=name, count=6)
    copied = copy(path, tmp_path / "b.mp4")
    # H.264 without chroma is decoded as 4:2:0 with neutral chroma.
    assert probe(copied).video.pixel_format == ("yuv420p" if name == "gray" else name)
    before, after = all_planes(path), all_planes(copied)
    if name == "gray":
        assert all((plane == 128).all() for plane in after[1:])
        after = after[:1]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(new, old)


@pytest.mark.parametrize("name", ["yuv420p10le", "yuv422p10le", "yuv444p10le"])
def test_ten_bits_stay_ten_bits(film, tmp_path, name):
    path = film("a.mkv", codec="ffv1", options={}, pixel_format=name, count=4)
    copied = copy(path, tmp_path / "b.mp4", EncodeSettings(crf=0.1, preset="ultrafast"))
    assert probe(copied).video.pixel_format == name
    for before, after in zip(all_planes(path), all_planes(copied), strict=True):
        assert np.abs(after.astype(int) - before).max() <= 4
    assert len(np.unique(all_planes(copied)[0] % 4)) == 4, "the two lowest bits are used"


@pytest.mark.parametrize(
    ("codec", "name"), [("prores_ks", "yuv422p10le"), ("dnxhd", "yuv422p"), ("dnxhd", "yuv444p10le")]
)
def test_intermediate_codecs(film, tmp_path, codec, name):
    path = film("a.mkv", codec="ffv1", options={}, pixel_format=name, count=3, width=320, height=240)
    copied = copy(path, tmp_path / "b.mov", EncodeSettings(codec=codec))
    video = probe(copied).video
    assert (video.frame_count, video.pixel_format) == (3, name)
    unit = 1 << (PIXEL_FORMATS[name].bit_depth - 8)
    error = np.abs(all_planes(copied)[0].astype(int) - all_planes(path)[0])
    assert error.mean() < 3 * unit


def test_tags_shape_and_turn_are_kept(film, tmp_path):
    path = film(
        pixel_format="yuv420p10le",
        color=ColorTags(9, 16, 9, 1),
        sample_aspect_ratio=Fraction(64, 45),
        rotation=270,
        rate=Fraction(24000, 1001),
        count=5,
    )
    before, after = probe(path).video, probe(copy(path, tmp_path / "b.mp4")).video
    assert after == before


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize("start", [0, 11])
def test_times_are_kept_on_the_films_clock(film, tmp_path, suffix, start):
    path = film(time_base=Fraction(1, 600), times=VARYING, rate=Fraction(25))
    part = copy(path, tmp_path / f"b{suffix}", start=start, settings=EncodeSettings(preset="veryfast"))
    video = probe(part).video
    ticks, time_base = frame_times(part)
    shown = [video.start + int(t) * time_base for t in ticks]
    assert shown == [Fraction(t, 600) for t in VARYING[start:]]


def test_a_late_container_clock_is_left_behind(film, tmp_path):
    path = film("a.ts", time_base=Fraction(1, 1000), times=[900_000 + 40 * k for k in range(20)], count=20)
    assert probe(path).video.start == 900
    assert probe(copy(path, tmp_path / "b.mp4")).video.start == 0


def test_same_film_same_bytes(film, tmp_path):
    """Whatever was in the memory before: x264 with AVX-512 reads some that is not its own, and then bytes differ."""
    path = film(count=20)
    rng, written = np.random.default_rng(0), set()
    for _ in range(100):
        written.add(copy(path, tmp_path / "b.mp4", EncodeSettings()).read_bytes())
        garbage = [rng.bytes(int(size)) for size in rng.integers(1000, 200_000, 8)]
        del garbage
    assert len(written) == 1


def test_chunking_changes_nothing(film, tmp_path):
    path = film(count=20)
    files = [copy(path, tmp_path / f"{n}.mp4", EncodeSettings(), chunk=n).read_bytes() for n in (1, 7, 20)]
    assert files[0] == files[1] == files[2]


def test_misuse_is_told(film, tmp_path):
    path = film(count=8)
    like = probe(path).video
    (frames,) = read_frames(path)
    with pytest.raises(InputError, match=r"\.mp4 or \.mov"):
        FilmWriter(tmp_path / "b.mkv", like=like)
    with pytest.raises(InputError, match=r"belongs into \.mov"):
        FilmWriter(tmp_path / "b.mp4", like=like, settings=EncodeSettings(codec="prores_ks"))
    with pytest.raises(InputError, match="holds yuv422p10le or yuv444p10le, the film is yuv420p"):
        FilmWriter(tmp_path / "b.mov", like=like, settings=EncodeSettings(codec="prores_ks"))
    with pytest.raises(InputError, match="choose libx264, prores_ks or dnxhd"):
        FilmWriter(tmp_path / "b.mov", like=like, settings=EncodeSettings(codec="gif"))
    with FilmWriter(tmp_path / "c.mp4", like=like) as writer:
        writer.write(frames)
        with pytest.raises(InputError, match="expected the frames from 8 on"):
            writer.write(frames)
    (tmp_path / "c.mp4").unlink()
    small = Frames(tuple(p[:, ::2, ::2] for p in frames.planes), "yuv420p", 0, frames.pts)
    with pytest.raises(InputError, match="expected pictures of 80x48"), FilmWriter(tmp_path / "b.mp4", like=like) as w:
        w.write(small)
    with pytest.raises(InputError, match="no pictures"), FilmWriter(tmp_path / "b.mp4", like=like):
        pass
    assert sorted(tmp_path.iterdir()) == [path], "nothing is left behind"


def test_odd_sizes(film, tmp_path):
    """x264 refuses them in 4:2:0; in 4:4:4 they come back as they were."""
    path = film("a.mkv", codec="ffv1", options={}, count=2, width=71, height=43)
    with pytest.raises(InputError, match="71x43; crop"):
        FilmWriter(tmp_path / "b.mp4", like=probe(path).video)
    path = film("c.mkv", codec="ffv1", options={}, count=2, width=71, height=43, pixel_format="yuv444p")
    copied = copy(path, tmp_path / "b.mp4")
    for before, after in zip(all_planes(path), all_planes(copied), strict=True):
        np.testing.assert_array_equal(after, before)


def test_an_error_in_the_middle_leaves_nothing(film, tmp_path):
    path = film(count=8)
    like = probe(path).video

    def fail() -> None:
        with FilmWriter(tmp_path / "b.mp4", like=like) as writer:
            writer.write(next(read_frames(path)))
            raise KeyError("the renderer failed")

    with pytest.raises(KeyError, match="renderer"):
        fail()
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made(film, tmp_path):
    path = film(count=2)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot make the folder"):
        copy(path, tmp_path / "file" / "b.mp4")


def test_a_full_disk_leaves_nothing(film, tmp_path, file_size_limit):
    path = film(count=40, width=320, height=240)
    with pytest.raises(OutputError, match="cannot write"), file_size_limit(20_000):
        copy(path, tmp_path / "out" / "b.mp4", EncodeSettings(crf=0))
    assert list((tmp_path / "out").iterdir()) == []
