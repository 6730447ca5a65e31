"""Frame k is the k-th picture shown, in the decoder's own planes, from wherever reading begins."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avsynth.core.errors import InputError, MediaError
from avsynth.core.media import PIXEL_FORMATS
from avsynth.media.probe import probe
from avsynth.media.read import read_frames

REORDERED = {"crf": "10", "preset": "veryfast", "g": "10", "bf": "3", "sc_threshold": "0"}
OPEN = {"g": "9", "bf": "2", "q:v": "2"}  # MPEG-2: pictures before a key picture lean on the group before it
FILMS = {
    "cfr.mp4": {"options": REORDERED},
    "opengop.mp4": {"options": REORDERED | {"x264-params": "open-gop=1"}},
    "ms.mkv": {"options": REORDERED, "rate": Fraction(30000, 1001)},
    "stream.ts": {"codec": "mpeg2video", "options": OPEN},
    "disc.mpg": {"codec": "mpeg2video", "options": OPEN},
    "old.avi": {"codec": "mpeg4", "options": {"g": "9", "bf": "2", "qmax": "4"}},
    "vfr.mp4": {
        "options": REORDERED,
        "time_base": Fraction(1, 600),
        "times": [int(t) for t in np.cumsum([5] + [20, 40, 10] * 14)[:40]],
    },
    "late.mp4": {"options": REORDERED, "time_base": Fraction(1, 1000), "times": [500 + 40 * k for k in range(40)]},
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory, studio):
    folder = tmp_path_factory.mktemp("films")
    return {name: studio.draw(folder / name, studio.Recipe(**fields)) for name, fields in FILMS.items()}


@pytest.fixture(scope="module")
def wholes(drawn):
    return {
        name: [[plane[i] for plane in c.planes] for c in read_frames(path) for i in range(len(c))]
        for name, path in drawn.items()
    }


@pytest.mark.parametrize("name", FILMS)
def test_every_picture_in_order(drawn, studio, name):
    chunks = list(read_frames(drawn[name], chunk=16))
    assert [len(chunk) for chunk in chunks] == [16, 16, 8]
    assert [chunk.start for chunk in chunks] == [0, 16, 32]
    assert [n for chunk in chunks for n in studio.numbers(chunk)] == list(range(40))


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(FILMS)),
    bounds=st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted),
    chunk=st.integers(1, 50),
)
def test_a_part_is_the_part_of_the_whole(drawn, wholes, name, bounds, chunk):
    start, end = bounds
    position = start
    for frames in read_frames(drawn[name], start=start, end=end, chunk=chunk):
        assert frames.start == position
        for index in range(len(frames)):
            for plane, expected in zip(frames.planes, wholes[name][position + index], strict=True):
                np.testing.assert_array_equal(plane[index], expected)
        position += len(frames)
    assert position == end


@pytest.mark.parametrize("name", sorted(set(PIXEL_FORMATS) - {"yuvj420p"}))
@pytest.mark.parametrize("size", [(80, 48), (71, 43)])
def test_planes_are_bit_exact(film, studio, name, size):
    width, height = size
    codec = {"codec": "ffv1", "options": {}}  # lossless in every format, odd sizes too
    recipe = studio.Recipe(count=3, pixel_format=name, width=width, height=height)
    path = film("a.mkv", count=3, pixel_format=name, width=width, height=height, **codec)
    (frames,) = read_frames(path)
    assert frames.pixel_format == name
    for number in range(3):
        for plane, expected in zip(frames.planes, studio.planes_of(number, recipe), strict=True):
            np.testing.assert_array_equal(plane[number], expected)


def test_full_range_is_said(film, studio):
    recipe = studio.Recipe(count=2, pixel_format="yuvj420p")
    (frames,) = read_frames(film("a.avi", count=2, pixel_format="yuvj420p", codec="mjpeg", options={"q:v": "1"}))
    assert (frames.pixel_format, frames.color.range) == ("yuvj420p", 2)
    error = frames.planes[0][1].astype(int) - studio.planes_of(1, recipe)[0]
    assert abs(error).mean() < 3


def test_times_are_the_containers(drawn):
    pts = np.concatenate([frames.pts for frames in read_frames(drawn["vfr.mp4"])])
    time_base = probe(drawn["vfr.mp4"]).video.time_base
    expected = np.cumsum([5] + [20, 40, 10] * 14)[:40]
    gaps = [Fraction(int(step)) * time_base for step in np.diff(pts)]
    assert gaps == [Fraction(int(step), 600) for step in np.diff(expected)]


def test_a_chunk_owns_its_memory(drawn):
    chunks = read_frames(drawn["cfr.mp4"], chunk=4)
    first = next(chunks)
    kept = first.planes[0].copy()
    next(chunks)
    np.testing.assert_array_equal(first.planes[0], kept)


@pytest.mark.parametrize("bounds", [(-1, 5), (3, 2), (0, 41), (41, 41)])
def test_what_is_not_in_the_film_is_refused_at_once(drawn, bounds):
    with pytest.raises(InputError, match="which has 40"):
        read_frames(drawn["cfr.mp4"], start=bounds[0], end=bounds[1])


def test_empty_part_and_bad_chunk(drawn):
    assert list(read_frames(drawn["cfr.mp4"], start=7, end=7)) == []
    with pytest.raises(InputError, match="at least 1 frame"):
        read_frames(drawn["cfr.mp4"], chunk=0)


def test_a_recording_has_no_frames(tmp_path, studio):
    from avsynth.media.sound import write_audio

    write_audio(tmp_path / "a.wav", studio.click_track([1], length=4800))
    with pytest.raises(MediaError, match="has no picture"):
        read_frames(tmp_path / "a.wav")
