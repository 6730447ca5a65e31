"""On real people whom no encoder of ours was trained on, voices are told apart, and real speech sounds clean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avsynth.core.media import Waveform
from avsynth.media.read import read_audio
from avsynth.metrics.mos import speech_quality
from avsynth.metrics.speaker import speaker_similarity, verification
from avsynth.models.hub import load_into
from avsynth.models.speaker_encoder import SAMPLE_RATE, Coach, embed
from avsynth.voice.backends.listening import prepare
from avsynth.voice.base import ENCODERS

pytestmark = [pytest.mark.real, pytest.mark.weights]
PEOPLE = ("VCTK/p225", "VCTK/p245", "VCTK/p326", "Libri-TTS/121_f", "Libri-TTS/1089_m", "MLS-PT/12249")


@pytest.fixture(scope="module")
def voices(media: Path) -> dict[str, list[Waveform]]:
    """Three seconds each of two utterances of six people."""
    found = {}
    for name in PEOPLE:
        files = sorted((media / "speech" / "yourtts_gt" / name).glob("*.flac"))[:2]
        if len(files) < 2:
            pytest.skip(f"no speech/yourtts_gt/{name} in the media")
        sounds = [prepare(read_audio(path), sample_rate=SAMPLE_RATE)[: 3 * SAMPLE_RATE] for path in files]
        found[name] = [Waveform(sound[None], SAMPLE_RATE) for sound in sounds]
    return found


@pytest.mark.parametrize("name", ["ge2e", "judge", "coach"])
def test_six_people_are_told_apart(name: str, voices: dict[str, list[Waveform]]) -> None:
    if name == "coach":
        coach = Coach()
        load_into(coach, card="speaker_encoder/coach")
        heard = {who: [embed(coach, sound.samples[0]) for sound in sounds] for who, sounds in voices.items()}
    else:
        engine = ENCODERS.get(name)()
        heard = {who: [engine.embed(sound) for sound in sounds] for who, sounds in voices.items()}
    first, second = ({who: [vectors[side]] for who, vectors in heard.items()} for side in (0, 1))
    found = speaker_similarity(second, real=first)
    assert found.hit >= 5 / 6
    assert found.own > found.others + 0.2
    assert verification(heard).equal_error <= 0.17


def test_a_recording_sounds_better_than_with_noise(voices: dict[str, list[Waveform]]) -> None:
    clean = voices["Libri-TTS/121_f"][0]
    noise = 0.3 * clean.samples.std() * np.random.default_rng(0).standard_normal(clean.samples.shape)
    found, worse = (
        speech_quality(clean),
        speech_quality(Waveform((clean.samples + noise).astype(np.float32), SAMPLE_RATE)),
    )
    assert found.overall > 2.8
    assert worse.overall < found.overall - 0.7
