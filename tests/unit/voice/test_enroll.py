"""A voice is enrolled from clean speech with consent, and from nothing else."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
import pytest
import soundfile

from avsynth.audio.resample import resample
from avsynth.core.errors import ConsentError, InputError, MediaError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.text.espeak import speak
from avsynth.voice.cleanliness import clipped_share, signal_to_noise_db
from avsynth.voice.enroll import enroll, study

TEXT = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background."


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """Two voices, about 5 s each, as files and samples."""
    folder, out = tmp_path_factory.mktemp("voices"), {}
    for name, variant in (("man", None), ("woman", "f2")):
        said = speak(TEXT, language="en", voice_variant=variant).waveform
        path = folder / f"{name}.wav"
        soundfile.write(path, said.samples[0], said.sample_rate, subtype="FLOAT")
        out[name] = path, said.samples[0], said.sample_rate
    return out


def test_what_a_profile_says(voices, verified):
    path, samples, rate = voices["man"]
    profile = enroll([path], speaker="Ana", consent=verified("Ana"))
    assert profile.embedding.shape == (256,)
    assert profile.encoder == "ge2e"
    assert profile.sample_hashes == (hashlib.sha256(path.read_bytes()).hexdigest(),)
    assert profile.statistics.f0_median_hz == pytest.approx(102, rel=0.05)
    assert 0.7 * len(samples) / rate < profile.speech_seconds <= len(samples) / rate


def test_spans_choose_the_speaker(voices, verified, tmp_path):
    (_, man, rate), (_, woman, _) = voices["man"], voices["woman"]
    film = tmp_path / "both.wav"
    soundfile.write(film, np.concatenate([man, woman]), rate, subtype="FLOAT")
    half = Fraction(len(man), rate)
    hers = Span(half, half + Fraction(len(woman), rate))
    profile = enroll([film], speaker="Ana", consent=verified("Ana"), spans={film: [hers]})
    assert profile.statistics.f0_median_hz == pytest.approx(198, rel=0.05)


@pytest.mark.parametrize("seconds", [2.5, 0.0])
def test_too_little_speech_is_counted(voices, verified, tmp_path, seconds):
    _, samples, rate = voices["man"]
    path = tmp_path / "short.wav"
    soundfile.write(path, np.pad(samples[: round(seconds * rate)], (0, 4 * rate)), rate)
    with pytest.raises(InputError, match=r"only [0-2]\.\d s of speech was found.*3 s"):
        enroll([path], speaker="Ana", consent=verified("Ana"))


def test_two_short_recordings_make_one_voice(voices, verified, tmp_path):
    _, samples, rate = voices["man"]
    for index, part in enumerate(np.array_split(samples, 2)):
        soundfile.write(tmp_path / f"{index}.wav", part, rate)
    profile = enroll([tmp_path / "0.wav", tmp_path / "1.wav"], speaker="Ana", consent=verified("Ana"))
    assert len(profile.sample_hashes) == 2
    assert profile.speech_seconds > 3


def test_clipped_and_noisy_speech_is_refused(voices, verified, tmp_path):
    _, samples, rate = voices["man"]
    noise = np.random.default_rng(0).normal(0, samples.std() / 1.5, len(samples))
    for name, sound in (("clipped", np.clip(samples * 12, -0.9, 0.9)), ("noisy", samples + noise)):
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, sound, rate, subtype="FLOAT")
        with pytest.raises(InputError, match=name):
            enroll([path], speaker="Ana", consent=verified("Ana"))


def test_clean_speech_is_neither_clipped_nor_noisy(voices):
    samples = voices["woman"][1]
    assert clipped_share(samples) < 1e-3
    assert signal_to_noise_db(samples) > 15


def test_an_offset_is_no_noise(voices, verified, tmp_path):
    path, samples, rate = voices["man"]
    offset = tmp_path / "offset.wav"
    soundfile.write(offset, samples + 0.25, rate, subtype="FLOAT")
    clean, moved = (enroll([item], speaker="Ana", consent=verified("Ana")) for item in (path, offset))
    assert moved.embedding @ clean.embedding > 0.98
    assert moved.statistics.f0_median_hz == pytest.approx(clean.statistics.f0_median_hz, rel=0.01)


def test_consent_comes_first(verified, tmp_path):
    absent = tmp_path / "absent.wav"  # would be another error, if it were looked at
    with pytest.raises(ConsentError, match="Bea"):
        enroll([absent], speaker="Ana", consent=verified("Bea"))
    with pytest.raises(ConsentError, match="not voice"):
        enroll([absent], speaker="Ana", consent=verified("Ana", kinds=("likeness",)))


def test_a_consent_for_one_language_is_enough(voices, verified):
    consent = verified("Ana", kinds=("voice",), languages=("pt-BR",))
    assert enroll([voices["man"][0]], speaker="Ana", consent=consent).consent is consent


def test_sources_must_be_there(verified, tmp_path):
    consent = verified("Ana")
    with pytest.raises(InputError, match="no recordings"):
        enroll([], speaker="Ana", consent=consent)
    with pytest.raises(MediaError, match="absent"):
        enroll([tmp_path / "absent.wav"], speaker="Ana", consent=consent)
    with pytest.raises(InputError, match=r"other\.wav"):
        enroll([tmp_path / "a.wav"], speaker="Ana", consent=consent, spans={tmp_path / "other.wav": []})


def test_a_dirty_recording_is_left_out_beside_a_clean_one(voices, verified, tmp_path):
    path, samples, rate = voices["man"]
    noisy = tmp_path / "noisy.wav"
    noise = np.random.default_rng(0).normal(0, samples.std() / 1.5, len(samples))
    soundfile.write(noisy, samples + noise, rate, subtype="FLOAT")
    clean, dirty = study([path, noisy], speaker="Ana", consent=verified("Ana")).sources
    assert clean.usable_seconds == pytest.approx(clean.speech_seconds)
    assert dirty.usable_seconds == 0
    assert [item.reason.partition(":")[0] for item in dirty.left_out] == ["too noisy"]


def test_the_prompt_is_the_recording_itself(voices, verified):
    path, samples, rate = voices["man"]
    prompt = enroll([path], speaker="Ana", consent=verified("Ana")).prompt
    assert prompt is not None
    assert prompt.dtype == np.int16
    assert 3 * 24_000 < len(prompt) <= 12 * 24_000
    whole = resample(Waveform(samples[None].astype(np.float32), rate), 24_000).samples[0]
    piece = prompt[:24_000].astype(np.float32) / 32767
    places = np.correlate(whole, piece, "valid")
    best = int(places.argmax())
    assert np.abs(whole[best : best + len(piece)] - piece).max() < 0.02
