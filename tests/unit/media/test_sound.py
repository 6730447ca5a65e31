"""Sound files hold the samples they were given, or do not exist."""

import numpy as np
import pytest
import soundfile

from avsynth.core.errors import InputError, OutputError
from avsynth.core.media import Waveform
from avsynth.media.sound import write_audio

SAMPLES = (np.random.default_rng(4).integers(-(2**23), 2**23, (2, 5000)) / 2**23).astype(np.float32)
SOUND = Waveform(SAMPLES, 48_000)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.WAV"])
def test_24_bits_by_default(tmp_path, name):
    write_audio(tmp_path / name, SOUND)
    info = soundfile.info(tmp_path / name)
    assert (info.subtype, info.samplerate, info.channels, info.frames) == ("PCM_24", 48_000, 2, 5000)
    np.testing.assert_array_equal(soundfile.read(tmp_path / name, dtype="float32")[0].T, SAMPLES)


def test_float_keeps_what_is_beyond_full_scale(tmp_path):
    write_audio(tmp_path / "a.wav", Waveform(SAMPLES * 3, 48_000), subtype="FLOAT")
    np.testing.assert_array_equal(soundfile.read(tmp_path / "a.wav", dtype="float32")[0].T, SAMPLES * 3)


def test_pcm_clips_and_does_not_wrap(tmp_path):
    write_audio(tmp_path / "a.wav", Waveform(np.array([[2.0, -2.0]], np.float32), 48_000), subtype="PCM_16")
    assert soundfile.read(tmp_path / "a.wav", dtype="int16")[0].tolist() == [32767, -32768]


def test_what_cannot_be_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"\.wav or \.flac"):
        write_audio(tmp_path / "a.mp3", SOUND)
    with pytest.raises(InputError, match="holds no 'FLOAT'"):
        write_audio(tmp_path / "a.flac", SOUND, subtype="FLOAT")
    with pytest.raises(InputError, match="no numbers"):
        write_audio(tmp_path / "a.wav", Waveform(np.full((1, 3), np.nan, np.float32), 48_000))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(tmp_path, file_size_limit):
    with pytest.raises(OutputError, match="cannot write"), file_size_limit(10_000):
        write_audio(tmp_path / "a.wav", SOUND)
    assert list(tmp_path.iterdir()) == []
