"""A spoken line ready to be mixed: sane level, no clicks, and silence that is silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.loudness import limit_peaks
from avsynth.core.media import Waveform
from avsynth.core.speech import PhonemeTimeline, Speech

LEVEL_DBFS = -23.0  # RMS while somebody speaks; the mix sets the final loudness
_CEILING_DB = -1.0
_FADE_SECONDS = 0.005
_BEFORE_SECONDS, _AFTER_SECONDS = 0.02, 0.05  # what belongs to a phoneme: its onset and its decay


def finish(speech: Speech) -> Speech:
    """Set the level, fade the edges in 5 ms, and make pauses digital silence. Times are not touched.

    Args:
        speech: As an engine gave it.
    """
    rate = speech.waveform.sample_rate
    gate = _gate(speech.timeline, length=speech.waveform.samples.shape[1], sample_rate=rate)
    sound = speech.waveform.samples * gate
    spoken = sound[:, gate > 0]
    power = float(np.mean(np.square(spoken, dtype=np.float64))) if spoken.size else 0.0
    if power > 0:
        sound = sound * np.float32(10 ** (LEVEL_DBFS / 20) / np.sqrt(power))
    return replace(speech, waveform=limit_peaks(Waveform(sound, rate), ceiling_db=_CEILING_DB))


def _gate(timeline: PhonemeTimeline, *, length: int, sample_rate: int) -> NDArray[np.float32]:
    """1 around phonemes, 0 in pauses, and straight lines of 5 ms between, ``(T,)``."""
    open_ = np.zeros(length, np.float32)
    for phoneme in timeline:
        start = round((float(phoneme.span.start) - _BEFORE_SECONDS) * sample_rate)
        open_[max(start, 0) : round((float(phoneme.span.end) + _AFTER_SECONDS) * sample_rate)] = 1
    fade = round(_FADE_SECONDS * sample_rate)
    edges = np.diff(open_, prepend=0, append=0)
    ramp = (np.arange(fade, dtype=np.float32)) / fade
    for start, end in zip(np.flatnonzero(edges > 0).tolist(), np.flatnonzero(edges < 0).tolist(), strict=True):
        size = min(fade, end - start)
        open_[start : start + size] *= ramp[:size]
        open_[end - size : end] *= ramp[:size][::-1]
    return open_
