"""What every watermark engine must do, whichever it is."""

import numpy as np
import pytest

from avsynth.provenance.base import WATERMARKS
from avsynth.text.espeak import speak


@pytest.fixture(scope="module", params=WATERMARKS.names())
def engine(request):
    return WATERMARKS.get(request.param)()


@pytest.fixture(scope="module")
def voice(engine):
    said = speak("The quick brown fox jumps over the lazy dog.", language="en").waveform
    times = np.arange(int(said.duration * engine.sample_rate)) / engine.sample_rate
    return np.interp(times, np.arange(said.samples.shape[1]) / said.sample_rate, said.samples[0]).astype(np.float32)


def test_what_it_adds_fits_is_finite_and_far_below_the_speech(engine, voice):
    added = engine.residual(voice)
    assert added.shape == voice.shape
    assert added.dtype == np.float32
    assert np.isfinite(added).all()
    assert 0 < (added**2).sum() < 0.1 * (voice**2).sum()


def test_it_finds_its_mark_and_only_its_mark(engine, voice):
    assert engine.score(voice + engine.residual(voice)) > 0.9
    assert engine.score(voice) < 0.3
    assert engine.score(np.random.default_rng(0).normal(0, 0.1, 64_000).astype(np.float32)) < 0.3


def test_level_does_not_matter(engine, voice):
    marked = voice + engine.residual(voice)
    assert engine.score(0.1 * marked) > 0.9
    quiet = np.float32(0.1) * voice
    assert engine.score(quiet + engine.residual(quiet)) > 0.9


def test_the_same_sound_gives_the_same_mark(engine, voice):
    assert np.array_equal(engine.residual(voice), engine.residual(voice))
    assert np.array_equal(engine.residual(voice), type(engine)().residual(voice))


@pytest.mark.parametrize("length", [1, 100, 1_023, 1_025, 2_049])
def test_any_length_is_taken(engine, voice, length):
    piece = voice[20_000 : 20_000 + length]
    added = engine.residual(piece)
    assert added.shape == piece.shape
    assert np.isfinite(added).all()
    assert 0 <= engine.score(piece) <= 1


def test_digital_silence_is_neither_marked_nor_found(engine):
    silence = np.zeros(32_000, np.float32)
    assert not engine.residual(silence).any()
    assert engine.score(silence) == 0.0


def test_the_input_is_not_changed(engine, voice):
    before = voice.copy()
    engine.residual(voice)
    engine.score(voice)
    assert np.array_equal(voice, before)
