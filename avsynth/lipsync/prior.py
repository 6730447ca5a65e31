"""What real mouths do while speech sounds: small linear maps learnt by `recipes/GRID/MouthMotion`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avsynth.core.media import Waveform
from avsynth.models.ear import FRAME_RATE, RATE, Array, Ear, Hearing, load_arrays, sample

SOUND_WEIGHTS = "mouth_motion/sound"
PHONEME_WEIGHTS = "mouth_motion/phonemes"
SPEECH = 0.5  # how likely speech must be to count as speech
RULES_SCALE, CHANCE_SCALE = 2.0, 3.0  # of the two halves of the evidence, for one penalty to suit both
_BLOCK = 5_000  # rows mapped at once

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Taps:
    """A linear map from rows around a moment to the mouth at that moment.

    Attributes:
        around: ``(N,)`` seconds at which rows are looked at, before and after the moment.
        weight: ``(N * D, K)``.
        bias: ``(K,)``.
    """

    around: Values
    weight: Array
    bias: Array

    @classmethod
    def of(cls, state: Mapping[str, Array], name: str) -> Taps:
        """From the tensors ``name.around``, ``name.weight`` and ``name.bias``."""
        around, weight, bias = (state[f"{name}.{part}"] for part in ("around", "weight", "bias"))
        return cls(around.astype(np.float64), weight, bias)

    def at(self, rows: NDArray[np.floating], *, times: Values) -> Array:
        """The mouth at some times ``(T,)``, ``(T, K)``, from rows ``(N, D)`` at ``ear.FRAME_RATE``.

        In double precision until the end, so that a film cut into chunks moves as it does in one.
        """
        made = np.empty((len(times), self.weight.shape[1]), np.float32)
        weight = self.weight.astype(np.float64)
        for begin in range(0, len(times), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            made[part] = sample(rows, times=times[part], around=self.around) @ weight + self.bias
        return made


SHIPPED = Taps(np.zeros(0), np.zeros((0, 0), np.float32), np.zeros(0, np.float32))
"""Stands for the map of ``PHONEME_WEIGHTS``, which is read when it is first needed."""


def shipped_phonemes() -> Taps:
    """From what ``animate`` makes of phonemes to real mouths.

    Raises:
        ModelError: The weights are absent, or not those of their card.
    """
    return Taps.of(load_arrays(PHONEME_WEIGHTS), "mouth")


@dataclass(frozen=True)
class SoundPrior:
    """From sound to the mouth of nobody in particular, in the basis ``visemes.BASIS``.

    The ear was trained on many voices whose words were known; what the rules of ``animate`` do with those words gives
    ``rules``; the mouths of a few filmed people give ``mouth``, which starts from both.

    Attributes:
        ear: Tells speech sounds.
        rules: From the ear's last layer to what ``animate`` would do.
        mouth: From what the rules would do and the chance of every sound to a real mouth.
    """

    ear: Ear
    rules: Taps
    mouth: Taps

    @classmethod
    def of(cls, state: Mapping[str, Array]) -> SoundPrior:
        """From the tensors of a weight file."""
        return cls(Ear.of(state), Taps.of(state, "rules"), Taps.of(state, "mouth"))

    @classmethod
    def load(cls) -> SoundPrior:
        """The shipped one.

        Raises:
            ModelError: Its weights are absent, or not those of their card.
        """
        return cls.of(load_arrays(SOUND_WEIGHTS))

    def hear(self, sound: Waveform) -> Hearing:
        """Listen to a sound of any rate and number of channels."""
        from avsynth.audio.resample import resample

        return self.ear.hear(resample(Waveform(sound.mono()[None], sound.sample_rate), RATE).samples[0])

    def coefficients(self, heard: Hearing, *, times: Values) -> Array:
        """The mouth ``(T, K)`` at times ``(T,)`` in seconds of the sound. It is smooth, and not held within limits."""
        return self.mouth.at(evidence(heard, rules=self.rules), times=times)


def evidence(heard: Hearing, *, rules: Taps) -> Array:
    """What ``SoundPrior.mouth`` starts from, ``(T, K + C)``: what the rules would do, and the chance of every sound."""
    clock = np.arange(len(heard)) / FRAME_RATE
    return np.concatenate([RULES_SCALE * rules.at(heard.hidden, times=clock), CHANCE_SCALE * heard.chance], axis=1)


def speaking(heard: Hearing, *, times: Values) -> NDArray[np.bool_]:
    """At which times ``(T,)`` somebody is heard to speak."""
    return np.asarray(sample(heard.silence[:, None], times=times, around=np.zeros(1))[:, 0] < SPEECH)
