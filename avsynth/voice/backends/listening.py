"""What speaker encoders share: one channel at their rate, without long pauses, and long enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform

_SHORTEST_SECONDS = 0.5
_FRAME_SECONDS = 0.03
_QUIET_DB, _QUIETEST_DB = 35.0, -70.0  # below the loud frames, and below full scale
_KEPT_PAUSE_FRAMES = 6  # on each side of speech


def prepare(waveform: Waveform, *, sample_rate: int) -> NDArray[np.float32]:
    """Give speech ``(T,)`` at an encoder's rate with its long pauses taken out.

    Args:
        waveform: Speech at any rate.
        sample_rate: The encoder's.

    Raises:
        InputError: It is shorter than half a second or silent.
    """
    sound = resample(waveform, sample_rate).mono()
    if len(sound) < _SHORTEST_SECONDS * sample_rate:
        raise InputError(f"{len(sound) / sample_rate:.2f} s are too short to know a voice by; give at least 0.5 s")
    if not np.isfinite(sound).all() or float(np.abs(sound).max()) < 1e-5:
        raise InputError("the recording is silent; give one in which somebody speaks")
    sound = sound - sound.mean()  # an offset would pass for loudness
    size = round(_FRAME_SECONDS * sample_rate)
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    level = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-12)
    loud = level > max(float(np.percentile(level, 95)) - _QUIET_DB, _QUIETEST_DB)
    near = np.convolve(loud, np.ones(2 * _KEPT_PAUSE_FRAMES + 1), mode="same") > 0
    kept: NDArray[np.float32] = frames[near].ravel()
    return kept if len(kept) >= _SHORTEST_SECONDS * sample_rate else sound
