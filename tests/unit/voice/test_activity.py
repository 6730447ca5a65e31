"""Speech is found where it is, and nowhere else."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import torch

from avsynth.audio.resample import resample
from avsynth.core.media import Waveform
from avsynth.text.espeak import speak
from avsynth.voice.activity import find_speech


def test_speech_between_silences_is_found_to_a_tenth():
    said = speak("The quick brown fox jumps over the lazy dog.", language="en")
    quiet = np.zeros((1, 2 * said.waveform.sample_rate), np.float32)
    film = Waveform(np.concatenate([quiet, said.waveform.samples, quiet], axis=1), said.waveform.sample_rate)
    spans = find_speech(resample(film, 48_000))
    assert abs(spans[0].start - 2 - said.phonemes[0].span.start) < Fraction(1, 10)
    assert abs(spans[-1].end - 2 - said.phonemes[-1].span.end) < Fraction(1, 5)
    assert sum(span.duration for span in spans) > Fraction(8, 10) * said.waveform.duration


def test_silence_noise_and_nothing_hold_no_speech():
    noise = np.random.default_rng(0).normal(0, 0.05, (1, 48_000)).astype(np.float32)
    for samples in (np.zeros((1, 32_000), np.float32), noise, np.zeros((1, 0), np.float32)):
        assert find_speech(Waveform(samples, 16_000)) == ()


def test_torch_keeps_its_threads():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        find_speech(Waveform(np.zeros((1, 16_000), np.float32), 16_000))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
