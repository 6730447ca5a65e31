"""Where somebody speaks in a recording, by the Silero voice-activity network."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.errors import MissingExtraError
from avsynth.core.media import Waveform
from avsynth.core.span import Span
from avsynth.models.hub import obtain

_SAMPLE_RATE = 16_000
_LONGEST_PAUSE_SECONDS = 0.2  # shorter ones stay inside a span


def find_speech(recording: Waveform) -> tuple[Span, ...]:
    """Find the stretches in which somebody speaks, in order, not overlapping.

    Runs offline: the weights lie in the package ``silero-vad`` itself.

    Args:
        recording: Any sound; channels are averaged.

    Returns:
        Spans in the recording's time, exact to a 16 kHz sample; none where nobody speaks.

    Raises:
        MissingExtraError: The package ``silero-vad`` is not installed.
        ModelError: Its weights are not the ones of the card ``vad/silero``.
    """
    sound = resample(recording, _SAMPLE_RATE).mono()
    return tuple(
        Span(Fraction(part["start"], _SAMPLE_RATE), min(Fraction(part["end"], _SAMPLE_RATE), recording.duration))
        for part in _silero(sound)
    )


def _silero(sound: NDArray[np.float32]) -> list[dict[str, int]]:
    import torch

    threads = torch.get_num_threads()
    try:
        try:
            import silero_vad
        except ModuleNotFoundError as error:
            raise MissingExtraError(f"finding speech needs {error.name!r}: pip install silero-vad") from None
        parts: list[dict[str, int]] = silero_vad.get_speech_timestamps(
            torch.from_numpy(np.ascontiguousarray(sound)),
            _network(),
            sampling_rate=_SAMPLE_RATE,
            min_silence_duration_ms=round(_LONGEST_PAUSE_SECONDS * 1000),
        )
    finally:
        torch.set_num_threads(threads)  # importing silero_vad sets it to 1 for the whole process
    return parts


@cache
def _network() -> Any:
    from silero_vad.utils_vad import OnnxWrapper

    return OnnxWrapper(str(obtain("vad/silero")), force_onnx_cpu=True)
