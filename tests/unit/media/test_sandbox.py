"""Hostile and broken files are refused with a line that says why; every film format still opens."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from avsynth.core.errors import MediaError
from avsynth.core.media import Waveform
from avsynth.media.probe import probe
from avsynth.media.sandbox import Limits, is_picture, local_file, open_media, restrict_decoder


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(MediaError) as caught, open_media(path, limits=limits or Limits()):
        pass
    message = str(caught.value)
    assert "\n" not in message
    assert ";" in message, "an error says what is wrong; and how to mend it"
    return message


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.avi", "a.ts", "a.mpg", "a.webm"])
def test_every_film_container_opens(film, name):
    codec = {"a.webm": "libvpx", "a.mpg": "mpeg1video"}.get(name, "mpeg4")
    path = film(name, count=3, codec=codec, options={})
    with open_media(path) as container:
        assert [is_picture(stream) for stream in container.streams] == [True]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.wav", "pcm_s16le"),
        ("a.flac", "flac"),
        ("a.mp3", "libmp3lame"),
        ("a.aac", "aac"),
        ("a.ogg", "libopus"),
        ("a.m4a", "aac"),
    ],
)
def test_every_sound_container_opens(tmp_path, studio, name, codec):
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        track = container.add_stream(codec, rate=48_000, layout="mono")
        studio.encode_sound(container, track, Waveform(np.zeros((1, 9600), np.float32), 48_000))
    with open_media(path) as container:
        assert len(container.streams.audio) == 1


def test_playlists_under_a_films_name_are_refused(tmp_path, film):
    film("real.mp4", count=3)
    lists = {
        "concat.mp4": "ffconcat version 1.0\nfile real.mp4\n",
        "hls.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nreal.mp4\n#EXT-X-ENDLIST\n",
        "text.mp4": "this is not a film\n" * 100,
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        assert "cannot be read as a film or sound file" in refusal(tmp_path / name)


def test_playlist_would_open_without_the_whitelist(tmp_path, film):
    """The test above is worth nothing if FFmpeg refused the list by itself."""
    film("real.mp4", count=3)
    path = tmp_path / "concat.mp4"
    path.write_text("ffconcat version 1.0\nfile real.mp4\n")
    with av.open(str(path)) as container:
        assert container.format.name == "concat"


def test_what_is_no_local_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "empty.mp4").touch()
    assert "does not exist" in refusal(tmp_path / "absent.mp4")
    assert "is a folder" in refusal(tmp_path)
    assert "device or pipe" in refusal(tmp_path / "pipe.mp4")
    assert "is empty" in refusal(tmp_path / "empty.mp4")
    for address in ("https://example.com/a.mp4", "rtsp://host/a", "concat:a.mp4|b.mp4", "file:/etc/hosts"):
        assert "is an address" in refusal(Path(address))


def test_a_colon_in_a_name_is_just_a_name(film):
    path = film("take:2.mp4", count=3)
    assert local_file(path) == path
    assert probe(path).video.frame_count == 3


def test_missing_index_is_named(tmp_path, film):
    whole = film("whole.mp4", count=30).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    assert "'moov'" in refusal(tmp_path / "cut.mp4")


def test_limits_are_checked_on_the_header(film, studio):
    path = film("long.mp4", count=50, sound=studio.click_track([5], length=96_000))
    assert "lasts 2 s" in refusal(path, Limits(max_duration=Fraction(1)))
    assert "2 streams" in refusal(path, Limits(max_streams=1))
    assert "80x48" in refusal(path, Limits(max_pixels=80 * 47))
    with open_media(path, limits=Limits(max_pixels=80 * 48, max_streams=2, max_duration=Fraction(2))):
        pass


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "bomb.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width = stream.height = 8192
        frame = av.VideoFrame(8192, 8192, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert path.stat().st_size < 1_000_000
    assert "8192x8192" in refusal(path)
    with pytest.raises(MediaError, match="8192x8192"):
        probe(path)


def test_the_decoder_refuses_what_the_header_hid(film):
    """If a header lies, the first picture is refused when it is decoded."""
    path = film("liar.mp4", count=3)

    def decode() -> None:
        with open_media(path) as container:
            stream = container.streams.video[0]
            restrict_decoder(stream, Limits(max_pixels=100))
            list(container.decode(stream))

    with pytest.raises(MediaError, match="damaged"):
        decode()
