"""Real speech: music under it is heard, speech alone is let through, and a conversation gives one person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from avsynth.core.errors import InputError
from avsynth.voice.base import ENCODERS
from avsynth.voice.enroll import study
from avsynth.voice.recordings import listen

pytestmark = pytest.mark.real
SAMPLE_RATE = 16_000
PEOPLE = ("1098-133695-0000", "1040-133433-0000", "1183-124566-0000")


@pytest.fixture(scope="module")
def speech(media: Path) -> dict[str, np.ndarray]:
    """Ten seconds each of three people."""
    folder, found = media / "speech" / "librispeech_train", {}
    for name in PEOPLE:
        path = folder / f"{name}.flac"
        if not path.exists():
            pytest.skip(f"no {path.name} in {folder}")
        found[name] = soundfile.read(path, dtype="float32")[0][: 10 * SAMPLE_RATE]
    return found


def chords(count: int, *, seconds: float = 0.5) -> np.ndarray:
    """Major chords, another root each time, eight harmonics a note; as loud as 1 in the mean square."""
    chance, size = np.random.default_rng(0), round(seconds * SAMPLE_RATE)
    times = np.arange(size) / SAMPLE_RATE
    parts = []
    for _ in range(-(-count // size)):
        roots = 110 * 2 ** (chance.integers(12) / 12) * 2 ** (np.array([0, 4, 7, 12]) / 12)
        parts.append(sum(np.sin(2 * np.pi * k * f * times) / k for f in roots for k in range(1, 9)))
    sound = np.concatenate(parts)[:count]
    return (sound / sound.std()).astype(np.float32)


def write(path: Path, sound: np.ndarray) -> Path:
    soundfile.write(path, sound, SAMPLE_RATE, subtype="FLOAT")
    return path


@pytest.mark.parametrize("name", PEOPLE)
def test_music_is_left_out_and_speech_alone_is_not(name, speech, tmp_path):
    alone = speech[name]
    music = 0.1 * alone.std() * chords(len(alone))  # 20 dB below
    clean = listen(write(tmp_path / "alone.wav", alone), spans=None)
    mixed = listen(write(tmp_path / "music.wav", alone + music), spans=None)
    assert not clean.left_out
    assert sum(map(len, mixed.clean)) < 0.2 * sum(map(len, clean.clean))
    assert [item.reason for item in mixed.left_out] == ["music under the words"]
    flowing = np.concatenate([alone[part.start : part.stop] for part in clean.speech])  # without its pauses
    with_music = flowing + 0.1 * alone.std() * chords(len(flowing))
    assert not listen(write(tmp_path / "flowing.wav", flowing), spans=None).left_out
    assert listen(write(tmp_path / "both.wav", with_music), spans=None).left_out


def test_one_person_is_taken_from_a_conversation(speech, verified, tmp_path):
    main, other, third = speech.values()
    path = write(tmp_path / "talk.wav", np.concatenate([main[:96_000], other[:48_000], main[96_000:], third[:40_000]]))
    made = study([path], speaker="Ana", consent=verified("Ana"))
    encoder = ENCODERS.get("ge2e")()
    likeness = [float(encoder.embed(_waveform(sound)) @ made.profile.embedding) for sound in (main, other, third)]
    assert likeness[0] > 0.95
    assert max(likeness[1:]) < 0.75
    assert 7 < made.profile.speech_seconds < 10


def test_an_example_says_who_is_meant(speech, verified, tmp_path):
    main, other, _ = speech.values()
    path = write(tmp_path / "talk.wav", np.concatenate([main[:80_000], other[:80_000], main[80_000:], other[80_000:]]))
    with pytest.raises(InputError, match="2 people speak"):
        study([path], speaker="Ana", consent=verified("Ana"))
    like = write(tmp_path / "like.wav", other[:48_000])
    made = study([path], speaker="Ana", consent=verified("Ana"), like=like)
    encoder = ENCODERS.get("ge2e")()
    hers, his = (float(encoder.embed(_waveform(sound)) @ made.profile.embedding) for sound in (other, main))
    assert hers > 0.9
    assert his < 0.75


def _waveform(sound: np.ndarray):
    from avsynth.core.media import Waveform

    return Waveform(sound[None], SAMPLE_RATE)
