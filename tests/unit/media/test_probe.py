"""probe tells the truth about drawn films whose truth is known, and refuses those that lack a part."""

from fractions import Fraction

import av
import numpy as np
import pytest

from avsynth.core.errors import MediaError
from avsynth.core.media import ColorTags
from avsynth.media.probe import frame_times, probe, require_audio, require_video
from avsynth.media.read import read_frames
from avsynth.media.sound import write_audio

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60000, 1001)]
FAST = {"crf": "30", "preset": "ultrafast"}


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_rate_and_count_are_exact(film, rate, suffix):
    video = require_video(probe(film(f"a{suffix}", rate=rate, count=37, options=FAST)))
    assert (video.frame_rate, video.frame_count, video.is_vfr) == (rate, 37, False)


def test_reordered_pictures_count_once(film):
    path = film(options={"preset": "veryfast", "bf": "3", "crf": "30"}, count=41)
    info = probe(path)
    assert info.video.frame_count == 41
    assert info.duration == Fraction(41, 25)
    assert info.video.start == 0


def test_varying_rate_is_told_with_exact_times(film):
    ticks = np.cumsum([0] + [1, 2, 1, 3, 1] * 6) * 100
    path = film(count=len(ticks), times=[int(t) for t in ticks], time_base=Fraction(1, 3000), options=FAST)
    video = require_video(probe(path))
    assert video.is_vfr
    assert video.frame_count == len(ticks)
    shown, time_base = frame_times(path)
    assert [t * time_base for t in shown.tolist()] == [Fraction(int(t), 3000) for t in ticks]


def test_description_survives_the_container(film):
    path = film(
        pixel_format="yuv422p10le",
        color=ColorTags(primaries=9, transfer=16, matrix=9, range=1),
        sample_aspect_ratio=Fraction(16, 15),
        rotation=90,
        rate=Fraction(30000, 1001),
        metadata={"timecode": "00:01:00;02"},
        count=5,
    )
    video = require_video(probe(path))
    assert video.pixel_format == "yuv422p10le"
    assert video.color == ColorTags(9, 16, 9, 1)
    assert video.sample_aspect_ratio == Fraction(16, 15)
    assert video.rotation == 90
    assert video.timecode == "00:01:00;02"
    assert (video.width, video.height, video.codec) == (80, 48, "h264")


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_is_clockwise(film, rotation):
    path = film(rotation=rotation, count=2)
    with av.open(str(path)) as container:
        counterclockwise = next(container.decode(video=0)).rotation
    assert -counterclockwise % 360 == rotation
    assert probe(path).video.rotation == rotation


def test_sound_streams(film, studio):
    sound = studio.click_track([100], length=96_000, channels=2)
    path = film("a.mov", count=50, sound=sound, sound_codec="pcm_s16le", sound_start=24_000, language="ger")
    stream = require_audio(probe(path))
    assert (stream.codec, stream.sample_rate, stream.channels) == ("pcm_s16le", 48_000, 2)
    assert (stream.start, stream.duration, stream.language) == (Fraction(1, 2), Fraction(2), "deu")


def test_sound_starts_on_the_films_clock(film, studio):
    """A picture that begins at 1 s on the container's clock is the film's time zero."""
    sound = studio.click_track([100], length=96_000)
    path = film(
        "a.mov",
        count=20,
        time_base=Fraction(1, 1000),
        times=[1000 + 40 * k for k in range(20)],
        sound=sound,
        sound_codec="pcm_s16le",
    )
    info = probe(path)
    assert info.video.start == 1
    assert info.audio[0].start == -1


def test_a_recording_has_no_picture(tmp_path, studio):
    path = tmp_path / "a.wav"
    write_audio(path, studio.click_track([5], length=24_000))
    info = probe(path)
    assert info.video is None
    assert info.duration == Fraction(1, 2)
    with pytest.raises(MediaError, match="has no picture; give a film"):
        require_video(info)


def test_a_silent_film_has_no_sound(film):
    with pytest.raises(MediaError, match="has no sound; give"):
        require_audio(probe(film(count=2)))


def test_cover_art_is_no_film(tmp_path, studio):
    """A song with its cover has no picture."""
    path = tmp_path / "song.mp3"
    with av.open(str(path), "w") as container:
        track = container.add_stream("libmp3lame", rate=48_000, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame(64, 64, "yuvj420p")
        frame.pts = 0
        container.mux(cover.encode(frame))
        container.mux(cover.encode(None))
        studio.encode_sound(container, track, studio.click_track([5], length=48_000))
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1, "the test needs a cover to ignore"
    assert probe(path).video is None


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {"movflags": "+faststart"}),
        ("a.mkv", "libx264", {}),
        ("a.avi", "mpeg4", {}),
        ("a.mov", "libx264", {"movflags": "+faststart"}),
    ],
)
def test_a_film_that_ends_early_is_refused(tmp_path, film, name, codec, options):
    quality = FAST if codec == "libx264" else {}
    whole = film(name, count=100, codec=codec, options=quality, container_options=options)
    assert probe(whole).video.frame_count == 100
    cut = tmp_path / f"cut-{name}"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
    with pytest.raises(MediaError, match="again"):
        probe(cut)


def test_a_recording_that_ends_early_is_refused(tmp_path, studio):
    for suffix in (".wav", ".flac"):
        whole = tmp_path / f"a{suffix}"
        write_audio(whole, studio.click_track(range(0, 96_000, 3), length=96_000))
        cut = tmp_path / f"cut{suffix}"
        cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        with pytest.raises(MediaError, match="again"):
            probe(cut)


def test_a_recording_from_a_pipe_is_whole(tmp_path, studio):
    """FFmpeg writes WAV into a pipe with a length of 0xFFFFFFFF: that is no promise."""
    path = tmp_path / "a.wav"
    write_audio(path, studio.click_track([5], length=24_000), subtype="PCM_16")
    data = bytearray(path.read_bytes())
    for position in (4, data.index(b"data") + 4):
        data[position : position + 4] = b"\xff" * 4
    path.write_bytes(bytes(data))
    assert probe(path).duration == Fraction(1, 2)


def test_a_capture_that_begins_amid_a_group_counts_what_can_be_shown(tmp_path, film, studio):
    """A transport stream cut anywhere: pictures that lean on lost ones are no part of the film."""
    options = {"g": "9", "bf": "2", "q:v": "2"}
    data = film("a.ts", codec="mpeg2video", options=options).read_bytes()
    path = tmp_path / "cut.ts"
    path.write_bytes(data[len(data) // 188 // 3 * 188 :])
    shown = [number for frames in read_frames(path) for number in studio.numbers(frames)]
    assert probe(path).video.frame_count == len(shown) > 10
    assert shown == list(range(40 - len(shown), 40))


@pytest.mark.parametrize("flags", ["frag_keyframe+empty_moov", "frag_keyframe+empty_moov+default_base_moof"])
def test_fragments_have_no_length_in_their_header(film, flags):
    path = film(count=40, options=FAST | {"g": "10"}, container_options={"movflags": flags})
    assert (probe(path).video.frame_count, probe(path).duration) == (40, Fraction(8, 5))


def test_noise_in_a_films_clothes_is_refused(tmp_path, film):
    path = film(count=30)
    data = bytearray(path.read_bytes())
    begin = data.index(b"mdat") + 4
    data[begin : begin + 2000] = np.random.default_rng(0).bytes(2000)
    path.write_bytes(bytes(data))
    with pytest.raises(MediaError):
        list(read_frames(path))


def test_a_file_that_changes_is_read_anew(film):
    path = film(count=3)
    assert probe(path).video.frame_count == 3
    assert probe(film(count=7)).video.frame_count == 7
