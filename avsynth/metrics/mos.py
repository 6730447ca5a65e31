"""How clean speech sounds: DNSMOS, a network that guesses what listeners would say, on the scale of 1 to 5."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avsynth.audio.resample import resample
from avsynth.core.errors import InputError
from avsynth.core.media import Waveform
from avsynth.models.hub import obtain

CARD = "dnsmos/sig-bak-ovr"
_RATE = 16_000
_WINDOW = 144_160  # 9.01 s, the network's input
_STEP = 16_000
# From the network's raw numbers to listeners' (ITU-T P.835): highest power first; the publisher's fit.
_TO_LISTENERS = np.array(
    [
        [-0.08397278, 1.22083953, 0.0052439],
        [-0.13166888, 1.60915514, -0.39604546],
        [-0.06766283, 1.11546468, 0.04602535],
    ]
)


@dataclass(frozen=True)
class SpeechQuality:
    """Guessed opinions of listeners, 1 bad to 5 excellent. Clean read speech has about 3.0 to 3.4 overall.

    Attributes:
        signal: Of the speech itself.
        background: Of the absence of noise.
        overall: Of both together.
    """

    signal: float
    background: float
    overall: float


def speech_quality(waveform: Waveform) -> SpeechQuality:
    """Guess what listeners would say of a recording.

    Runs offline once its weights were fetched. It judges noise and distortion, not whether the words or the voice are
    the right ones.

    Args:
        waveform: Speech at any rate; channels are averaged. What is shorter than 9.01 s is repeated up to that; of
            what is longer, a window each second is judged and the mean is given.

    Raises:
        InputError: There is no sound in it.
        ModelError: The weights cannot be obtained.

    Source:
        C. Reddy et al., "DNSMOS P.835", ICASSP 2022, arXiv:2110.01763.
    """
    sound = resample(waveform, _RATE).mono()
    if not len(sound):
        raise InputError("an empty recording has no quality; give one with speech")
    raw = np.stack([_session().run(None, {"input_1": part[None]})[0][0] for part in _windows(sound)])
    signal, background, overall = np.mean(
        [[np.polyval(fit, value) for fit, value in zip(_TO_LISTENERS, row, strict=True)] for row in raw], axis=0
    )
    return SpeechQuality(float(signal), float(background), float(overall))


def _windows(sound: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Parts of exactly the network's length, as many as the publisher takes: one for each whole second above nine."""
    while len(sound) < _WINDOW:
        sound = np.concatenate([sound, sound])
    return [sound[start : start + _WINDOW] for start in range(0, max(1, len(sound) // _STEP - 9) * _STEP, _STEP)]


@cache
def _session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(obtain(CARD)), options, providers=["CPUExecutionProvider"])
