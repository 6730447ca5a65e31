"""Joined segments show the film's own pictures at the film's own times, with the sound on its sample."""

import itertools
from fractions import Fraction

import av
import numpy as np
import pytest

from avsynth.core.errors import InputError, OutputError
from avsynth.core.media import Waveform
from avsynth.media.probe import frame_times, probe
from avsynth.media.read import read_audio, read_frames
from avsynth.media.write import EncodeSettings, FilmWriter, mux

SETTINGS = EncodeSettings(preset="veryfast")  # with reordered pictures, so the seams are hard; the default has none
AT = [0, 777, 24_000, 60_000]


def segments_of(path, folder, *cuts, settings=SETTINGS):
    info = probe(path)
    edges = [0, *cuts, info.video.frame_count]
    made = []
    for number, (start, end) in enumerate(itertools.pairwise(edges)):
        made.append(folder / f"part{number}.mp4")
        with FilmWriter(made[-1], like=info.video, settings=settings) as writer:
            for frames in read_frames(path, start=start, end=end):
                writer.write(frames)
    return info, made


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001)], ids=str)
def test_count_rate_times_and_sound(film, tmp_path, studio, suffix, rate):
    path = film("a.mp4", count=50, rate=rate, options={"preset": "veryfast", "crf": "10"})
    info, parts = segments_of(path, tmp_path, 1, 17, 18, 40)
    output = tmp_path / f"out{suffix}"
    sound = studio.click_track(AT, length=90_000, channels=2)
    mux(output, segments=parts, sound=sound, language="pt-BR", like=info, title="Ein Film")
    made = probe(output)
    assert (made.video.frame_count, made.video.frame_rate) == (50, rate)
    assert (made.video.is_vfr, made.video.start, made.duration) == (False, 0, info.duration)
    assert [n for frames in read_frames(output) for n in studio.numbers(frames)] == list(range(50))
    shown, time_base = frame_times(output)
    expected, source_base = frame_times(path)
    error = max(abs(int(a) * time_base - int(b) * source_base) for a, b in zip(shown, expected, strict=True))
    assert error <= (Fraction(1, 2000) if suffix == ".mkv" else 0)
    heard = read_audio(output)
    assert studio.clicks(heard) == AT
    assert heard.samples.shape == (2, 90_000)
    assert made.audio[0].language == "por"
    with av.open(str(output)) as container:
        assert container.metadata["title"] == "Ein Film"
        assert "pt-BR" in container.streams.audio[0].metadata.values()


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "aac"), (".mov", "pcm_s24le"), (".mkv", "flac")])
def test_sound_codec_follows_the_container(film, tmp_path, suffix, codec):
    info, parts = segments_of(film(count=25), tmp_path)
    random = np.random.default_rng(0)
    samples = (random.integers(-(2**22), 2**22, (2, 48_000)) / 2**23).astype(np.float32)
    output = tmp_path / f"out{suffix}"
    mux(output, segments=parts, sound=Waveform(samples, 48_000), language="es", like=info)
    (stream,) = probe(output).audio
    assert (stream.codec, stream.sample_rate, stream.duration) == (codec, 48_000, 1)
    if codec != "aac":
        np.testing.assert_array_equal(read_audio(output).samples, samples)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_channels_keep_their_places(film, tmp_path, studio, suffix, channels):
    info, parts = segments_of(film(count=25), tmp_path)
    samples = np.zeros((channels, 48_000), np.float32)
    time = np.arange(48_000) / 48_000
    for channel in range(channels):  # the low-frequency channel of AAC keeps nothing high
        samples[channel] = 0.3 * np.sin(2 * np.pi * (40 + 10 * channel) * time)
    output = tmp_path / f"out{suffix}"
    mux(output, segments=parts, sound=Waveform(samples, 48_000), language="es", like=info)
    heard = read_audio(output).samples
    strongest = np.abs(np.fft.rfft(heard, axis=1)).argmax(axis=1)
    assert strongest.tolist() == [40 + 10 * channel for channel in range(channels)]


def test_sound_of_another_rate_is_resampled(film, tmp_path, studio):
    info, parts = segments_of(film(count=25), tmp_path)
    sound = studio.click_track([4410, 22_050], length=44_100, sample_rate=44_100)
    mux(tmp_path / "out.mov", segments=parts, sound=sound, language="es", like=info)
    heard = read_audio(tmp_path / "out.mov")
    assert heard.samples.shape == (1, 48_000)
    assert studio.clicks(heard) == [4800, 24_000]


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_varying_times_and_tags_survive(film, tmp_path, suffix):
    times = [int(t) for t in np.cumsum([0] + [20, 40, 10, 25] * 10)[:40]]
    path = film(
        time_base=Fraction(1, 600),
        times=times,
        rotation=90,
        sample_aspect_ratio=Fraction(16, 15),
        metadata={"timecode": "01:00:00:00"},
    )
    info, parts = segments_of(path, tmp_path, 7, 21)
    output = tmp_path / f"out{suffix}"
    mux(output, segments=parts, sound=None, language="es", like=info)
    made = probe(output)
    ticks, time_base = frame_times(output)
    assert [int(t) * time_base for t in ticks] == [Fraction(t, 600) for t in times]
    assert made.video.is_vfr
    assert made.video.frame_rate == info.video.frame_rate
    assert (made.video.rotation, made.video.sample_aspect_ratio) == (90, Fraction(16, 15))
    assert made.video.timecode == "01:00:00:00"
    assert made.audio == ()


def test_pictures_are_copied_not_coded_again(film, tmp_path):
    info, parts = segments_of(film(count=20), tmp_path, 9)
    output = tmp_path / "out.mkv"
    mux(output, segments=parts, sound=None, language="es", like=info)
    joined = np.concatenate([frames.planes[0] for frames in read_frames(output)])
    separate = np.concatenate([frames.planes[0] for part in parts for frames in read_frames(part)])
    np.testing.assert_array_equal(joined, separate)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_decode_times_rise_and_seeking_finds_every_segment(film, tmp_path, studio, suffix):
    info, parts = segments_of(film(count=60, width=160, height=96), tmp_path, 20, 40)
    output = tmp_path / f"out{suffix}"
    mux(output, segments=parts, sound=studio.click_track(AT, length=96_000), language="es", like=info)
    with av.open(str(output)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    assert sorted(p.pts for p in packets) != [p.pts for p in packets], "pictures must be reordered for this to say much"
    if suffix != ".mkv":  # Matroska stores no decode times
        assert all(a.dts < b.dts for a, b in itertools.pairwise(packets))
        assert all(packet.dts <= packet.pts for packet in packets)
    for start in (0, 19, 20, 41, 59):
        (frames,) = read_frames(output, start=start, end=start + 1)
        assert studio.numbers(frames) == [start]


def test_same_parts_same_bytes(film, tmp_path, studio):
    info, parts = segments_of(film(count=20), tmp_path, 9)
    sound = studio.click_track([5, 900], length=38_400, channels=2)
    for suffix in (".mp4", ".mov", ".mkv"):
        files = [tmp_path / f"{name}{suffix}" for name in "xy"]
        for file in files:
            mux(file, segments=parts, sound=sound, language="es", like=info, title="T")
        assert files[0].read_bytes() == files[1].read_bytes()


def test_misuse_is_told(film, tmp_path, studio):
    path = film(count=20)
    info, parts = segments_of(path, tmp_path, 9)
    common = {"sound": None, "language": "es", "like": info}
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"\.mp4, \.mov or \.mkv"):
        mux(tmp_path / "out.avi", segments=parts, **common)
    with pytest.raises(InputError, match="no segments"):
        mux(tmp_path / "out.mp4", segments=[], **common)
    with pytest.raises(InputError, match="does not follow"):
        mux(tmp_path / "out.mp4", segments=parts[::-1], **common)
    with pytest.raises(InputError, match="8 channels, got 7"):
        mux(tmp_path / "out.mp4", segments=parts, **common | {"sound": studio.click_track([1], length=480, channels=7)})
    assert sorted(tmp_path.iterdir()) == before
    _, other = segments_of(path, tmp_path / "other", 9, settings=EncodeSettings(crf=30))
    with pytest.raises(InputError, match="other settings"):
        mux(tmp_path / "out.mp4", segments=[parts[0], other[1]], **common)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_full_disk_leaves_nothing(film, tmp_path, studio, suffix, file_size_limit):
    info, parts = segments_of(film(count=20), tmp_path)
    sound = studio.click_track(range(0, 480_000, 7), length=480_000)
    with pytest.raises(OutputError, match="cannot write"), file_size_limit(30_000):
        mux(tmp_path / "out" / f"a{suffix}", segments=parts, sound=sound, language="es", like=info)
    assert list((tmp_path / "out").iterdir()) == []
