"""How a voice sounds in the mean: its pitch and its spectral envelope, measured with WORLD."""

from __future__ import annotations

import numpy as np

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.core.speech import VoiceStatistics
from avsynth.voice.pitch import track
from avsynth.voice.vocoder import CODED_RATE, analyze, code_envelope

_ACTIVE_DB = -30.0  # below the loud frames; quieter ones are decays and breath
_NOISY = 0.9  # aperiodicity of the low band above which a frame is not truly voiced
_LOW_BAND_HZ = 600.0
_LEAST_FRAMES = 100  # half a second of voiced speech
_LONGEST_SECONDS = 30  # more speech does not change the means; it only takes longer
_WIDEST_OCTAVES = 0.75  # pitch further from the median is a tracking error


def measure(speech: Waveform) -> VoiceStatistics:
    """Measure a voice.

    The sound is brought to 16 kHz first: recordings of every kind reach 8 kHz, so that envelopes of a telephone
    clip, a film and a synthesizer stay comparable; what lies above is left to whoever synthesizes.

    Args:
        speech: Speech of one person, best without pauses. Of more than 30 s, 30 s in even pieces are measured.

    Raises:
        InputError: There is too little voiced speech in it.
    """
    sound = resample(speech, CODED_RATE).mono()
    longest = _LONGEST_SECONDS * CODED_RATE
    if len(sound) > longest:
        sound = np.concatenate([piece[: longest // 8] for piece in np.array_split(sound, 8)])
    f0 = track(sound, sample_rate=CODED_RATE)
    frames = analyze(sound, f0_hz=f0, sample_rate=CODED_RATE)
    level = 10 * np.log10(frames.envelope.mean(axis=1) + 1e-16)
    low_band = round(_LOW_BAND_HZ / (CODED_RATE / 2) * frames.aperiodicity.shape[1])
    active = (f0 > 0) & (level > np.percentile(level, 95) + _ACTIVE_DB) & (frames.aperiodicity[:, low_band] < _NOISY)
    if active.sum() < _LEAST_FRAMES:
        raise InputError(
            f"only {active.sum() * 0.005:.1f} s of the recording is voiced speech; give a clearer or longer recording"
        )
    log_f0 = np.log(f0[active])
    median = np.median(log_f0)
    near = np.abs(log_f0 - median) < _WIDEST_OCTAVES * np.log(2)
    coded = code_envelope(frames)[active]
    return VoiceStatistics(
        f0_median_hz=float(np.exp(median)),
        f0_deviation=float(log_f0[near].std()),
        envelope=coded.mean(axis=0).astype(np.float32),
        envelope_deviation=coded.std(axis=0).astype(np.float32),
    )
