"""One voice's speech in another's pitch and timbre, from what WORLD measured of both in the mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from avsynth.core.speech import VoiceStatistics
from avsynth.voice.vocoder import Array, WorldFrames, code_envelope, decode_gain

_PITCH_SPREAD = 0.7, 1.4  # limits of how much livelier or flatter the melody becomes
_TIMBRE_SPREAD = 0.6, 1.6  # the same for each coefficient of the envelope
_GREATEST_GAIN = np.log(10) / 10 * 18.0  # 18 dB of power either way
_LEAST_NOISE = ((0.0, 0.0), (2000.0, 0.05), (4000.0, 0.2), (6000.0, 0.35), (8000.0, 0.5))  # Hz, aperiodicity
_JITTER = 0.004  # of the pitch: human voices vary by about half a percent from period to period


def convert(frames: WorldFrames, *, source: VoiceStatistics, target: VoiceStatistics, seed: int = 0) -> WorldFrames:
    """Give speech of the ``source`` voice the pitch and timbre of the ``target`` voice.

    Log pitch and every coefficient of the coded envelope are moved to the target's mean and scaled to its
    deviation. A synthesizer's pulses are too regular, which is heard as a buzz: noise is added to its high bands
    and a trace of jitter to its pitch.

    Args:
        frames: Speech of the source voice.
        source: How the source voice sounds in the mean.
        target: How the target sounds.
        seed: Of the jitter.

    Source:
        T. Toda, A. Black and K. Tokuda, 2007, for scaling by global variance; the plain moment matching here is
        their method without a trained mapping.
    """
    return replace(
        frames,
        f0_hz=_convert_pitch(frames.f0_hz, source=source, target=target, seed=seed),
        envelope=frames.envelope * np.exp(_timbre_gain(frames, source=source, target=target)),
        aperiodicity=np.maximum(frames.aperiodicity, _noise_floor(frames)),
    )


def _convert_pitch(f0_hz: Array, *, source: VoiceStatistics, target: VoiceStatistics, seed: int) -> Array:
    spread = np.clip(target.f0_deviation / max(source.f0_deviation, 1e-3), *_PITCH_SPREAD)
    voiced = f0_hz > 0
    log_f0 = np.log(f0_hz[voiced] / source.f0_median_hz) * spread + np.log(target.f0_median_hz)
    jitter = np.random.default_rng(seed).normal(0, _JITTER, len(log_f0))
    converted = np.zeros_like(f0_hz)
    converted[voiced] = np.clip(np.exp(log_f0 + jitter), 40, 600)
    return converted


def _timbre_gain(frames: WorldFrames, *, source: VoiceStatistics, target: VoiceStatistics) -> Array:
    """Gain ``(T, F)`` in natural log of power. Loudness, the first coefficient, stays."""
    spread = np.clip(target.envelope_deviation / source.envelope_deviation, *_TIMBRE_SPREAD)
    coded = code_envelope(frames)
    difference = (coded - source.envelope) * (spread - 1) + (target.envelope - source.envelope)
    difference[:, 0] = 0
    gain = decode_gain(difference, bins=frames.envelope.shape[1], sample_rate=frames.sample_rate)
    limited: Array = np.clip(gain, -_GREATEST_GAIN, _GREATEST_GAIN)
    return limited


def _noise_floor(frames: WorldFrames) -> Array:
    frequency = np.linspace(0, frames.sample_rate / 2, frames.aperiodicity.shape[1])
    floor: Array = np.interp(frequency, *np.array(_LEAST_NOISE).T)
    return floor
