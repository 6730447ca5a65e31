"""The aligner finds phonemes whose times are known, in speech of another speed and pitch than its own template."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.text.espeak import speak
from avsynth.voice.align import align

TEXTS = {
    "en": "The boy was there when the sun rose. A pot of tea helps to pass the evening.",
    "es": "Mi primo Pablo compró un bonito papel blanco. Todo lo bueno empieza con una palabra amable.",
}


def padded(sound: Waveform, *, seconds: float = 0.5) -> Waveform:
    """Half a second of faint noise before and after."""
    rng = np.random.default_rng(0)
    silence = np.zeros((1, round(seconds * sound.sample_rate)), np.float32)
    samples = np.concatenate([silence, sound.samples, silence], axis=1)
    noise = 0.001 * rng.standard_normal(samples.shape)
    return Waveform((samples + noise).astype(np.float32), sound.sample_rate)


@pytest.mark.parametrize("language", sorted(TEXTS))
@pytest.mark.parametrize(("words_per_minute", "pitch"), [(120, 80), (200, 30)])
def test_known_boundaries_are_found_within_20_ms(language: str, words_per_minute: int, pitch: int) -> None:
    truth = speak(TEXTS[language], language=language, words_per_minute=words_per_minute, pitch=pitch)
    found = align(padded(truth.waveform), text=TEXTS[language], language=language)
    assert [p.symbol for p in found] == [p.symbol for p in truth.phonemes]
    pairs = zip(truth.phonemes, found, strict=True)
    errors = [abs(float(b.span.start - a.span.start - Fraction(1, 2))) for a, b in pairs]
    assert np.median(errors) <= 0.020


def test_the_timeline_lasts_as_long_as_the_recording_and_is_silent_around_the_words() -> None:
    truth = speak(TEXTS["en"], language="en")
    recording = padded(truth.waveform)
    found = align(recording, text=TEXTS["en"], language="en")
    assert found.duration == recording.duration
    assert found.phonemes[0].span.start > Fraction(2, 5)
    assert found.phonemes[-1].span.end < recording.duration - Fraction(2, 5)


def test_silence_cannot_be_aligned() -> None:
    with pytest.raises(InputError, match="no speech"):
        align(Waveform(np.zeros((1, 16_000), np.float32), 16_000), text="Hello", language="en")


def test_no_words_cannot_be_aligned() -> None:
    truth = speak("Hello", language="en")
    with pytest.raises(InputError, match="no words"):
        align(truth.waveform, text=" ... ", language="en")
