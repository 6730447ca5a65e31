"""A click in the file is at its sample in the waveform, whatever the container does before it."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avsynth.core.errors import MediaError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.media.read import read_audio
from avsynth.media.sound import write_audio

AT = [1000, 24_000, 47_000]
LENGTH = 76_800


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mov", "pcm_s24le"),
        ("a.mp4", "aac"),
        ("a.mkv", "flac"),
        ("a.mkv", "aac"),
        ("a.mkv", "libopus"),
        ("a.mkv", "libmp3lame"),
        ("a.ts", "aac"),
        ("a.ts", "mp2"),
    ],
)
def test_clicks_stay_where_they_are(film, studio, name, codec):
    path = film(name, sound=studio.click_track(AT, length=LENGTH), sound_codec=codec)
    assert studio.clicks(read_audio(path)) == AT


@pytest.mark.parametrize(("name", "codec"), [("a.mov", "pcm_s16le"), ("a.mkv", "flac"), ("a.ts", "mp2")])
def test_a_late_sound_begins_with_silence(film, studio, name, codec):
    path = film(name, sound=studio.click_track(AT, length=LENGTH), sound_codec=codec, sound_start=4800)
    assert studio.clicks(read_audio(path)) == [at + 4800 for at in AT]


def test_sound_before_the_first_picture_is_cut(film, studio):
    """The picture begins half a second after the sound on the container's clock."""
    path = film(
        "a.mov",
        time_base=Fraction(1, 1000),
        times=[500 + 40 * k for k in range(40)],
        sound=studio.click_track([*AT, 70_000], length=LENGTH),
        sound_codec="pcm_s16le",
    )
    waveform = read_audio(path)
    assert studio.clicks(waveform) == [0, 23_000, 46_000]
    assert waveform.samples.shape[1] == LENGTH - 24_000


def test_samples_are_the_files(tmp_path):
    random = np.random.default_rng(3)
    samples = (random.integers(-(2**23), 2**23, (2, 9000)) / 2**23).astype(np.float32)
    for name in ("a.wav", "a.flac"):
        write_audio(tmp_path / name, Waveform(samples, 44_100))
        np.testing.assert_array_equal(read_audio(tmp_path / name).samples, samples)


def test_encoder_padding_is_gone(film, studio):
    path = film("a.mp4", sound=studio.click_track(AT, length=LENGTH + 100))
    assert read_audio(path).samples.shape == (1, LENGTH + 100)


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000, 96_000])
def test_resampling_moves_nothing(tmp_path, studio, rate):
    """A slow wave keeps its phase: any shift of a sample would show."""
    time = np.arange(48_000) / 48_000
    write_audio(tmp_path / "a.wav", Waveform(0.5 * np.sin(2 * np.pi * 440 * time)[None].astype(np.float32), 48_000))
    waveform = read_audio(tmp_path / "a.wav", sample_rate=rate)
    assert (waveform.sample_rate, waveform.samples.shape) == (rate, (1, rate))
    middle = slice(rate // 10, -rate // 10)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    np.testing.assert_allclose(waveform.samples[0, middle], expected[middle], atol=1e-4)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory, studio):
    folder = tmp_path_factory.mktemp("sound")
    noise = np.random.default_rng(5).normal(0, 0.1, (1, 150_000)).astype(np.float32)
    sound = Waveform(noise, 48_000)
    write_audio(folder / "a.wav", sound)
    for name, codec in (("a.mp4", "aac"), ("a.mkv", "flac"), ("a.mov", "pcm_s24le")):
        studio.draw(folder / name, studio.Recipe(count=80, sound=sound, sound_codec=codec, sound_start=960))
    return {path.name: (path, read_audio(path)) for path in folder.iterdir()}


@settings(max_examples=30, deadline=None)
@given(
    name=st.sampled_from(["a.wav", "a.mp4", "a.mkv", "a.mov"]),
    start=st.fractions(-1, 4, max_denominator=48_000),
    length=st.fractions(Fraction(1, 1000), 3, max_denominator=1001),
)
def test_a_span_is_the_cut_of_the_whole(recordings, name, start, length):
    path, whole = recordings[name]
    span = Span(start, start + length)
    np.testing.assert_array_equal(read_audio(path, span=span).samples, whole.cut(span).samples)


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_a_resampled_span_is_the_cut_of_the_whole(recordings, rate):
    path, _ = recordings["a.wav"]
    whole = read_audio(path, sample_rate=rate)
    for start in (Fraction(1, 3), Fraction(20, 9), Fraction(5, 2)):
        span = Span(start, start + Fraction(1, 7))
        part = read_audio(path, sample_rate=rate, span=span)
        assert part.samples.shape[1] == len(span.samples(rate))
        np.testing.assert_allclose(part.samples, whole.cut(span).samples, atol=2e-4)


def test_channels_stay_apart(film, studio):
    sound = studio.click_track(AT, length=LENGTH, channels=2)
    sound.samples[1] = 0
    sound.samples[1, 12_345] = 0.9
    waveform = read_audio(film("a.mov", sound=sound, sound_codec="pcm_s16le"))
    assert waveform.channels == 2
    assert np.flatnonzero(waveform.samples[0]).tolist() == AT
    assert np.flatnonzero(waveform.samples[1]).tolist() == [12_345]


def test_no_such_sound(film, studio):
    with pytest.raises(MediaError, match="has no sound; give"):
        read_audio(film("mute.mp4", count=2))
    path = film("one.mov", count=2, sound=studio.click_track([1], length=480), sound_codec="pcm_s16le")
    with pytest.raises(MediaError, match="1 sound streams"):
        read_audio(path, stream=1)
