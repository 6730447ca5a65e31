"""An ear: which kind of speech sound is heard when, from a small network trained on 230 voices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
HOP = 160  # 10 ms
FRAME_RATE = 100  # frames a second: RATE / HOP
MELS = 40
_WINDOW, _FFT = 400, 512
_LOW_HZ, _HIGH_HZ = 60.0, 7600.0
_FLOOR = 1e-5  # of the loud parts' energy: -50 dB
_AUDIBLE = 1e-5  # of the loudest frame's energy: what is fainter is a pause, however much there is of it
_SPEECH = 0.35  # how far from the quietest to the loudest, in dB, speech begins
_BLOCK = 6000  # frames worked on at once: a minute

# Phonemes (IPA, without length and stress) that look and sound alike enough to be one class; class 0 is silence.
CLASSES: tuple[tuple[str, ...], ...] = (
    (),
    ("p", "b"),
    ("m",),
    ("f", "v"),
    ("θ", "ð"),
    ("t", "d", "ɾ", "ʔ"),
    ("n",),
    ("l", "əl"),
    ("s", "z"),
    ("ʃ", "ʒ", "tʃ", "dʒ"),
    ("k", "ɡ"),
    ("ŋ",),
    ("h",),
    ("ɹ",),
    ("w",),
    ("j",),
    ("i",),
    ("ɪ", "ɨ"),
    ("ɛ", "ɛɹ"),
    ("eɪ",),
    ("æ",),
    ("ʌ", "ɐ"),
    ("ə",),
    ("ɑ", "ɑɹ"),
    ("ɔ", "ɔɹ", "ɔɪ"),
    ("oʊ",),
    ("u",),
    ("ʊ", "ʊɹ"),
    ("aɪ", "aɪɚ", "aɪə"),
    ("aʊ",),
    ("ɚ", "ɜ", "ɪɹ", "iə"),
)
LAYERS: tuple[tuple[int, int], ...] = ((5, 1), (3, 1), (3, 2), (3, 4), (3, 8))
"""Kernel size and dilation of every convolution; together they hear 170 ms to either side."""
REACH = sum(size // 2 * dilation for size, dilation in LAYERS)

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Hearing:
    """What the ear says of a sound, ``FRAME_RATE`` times a second; frame ``i`` is at ``i / FRAME_RATE`` seconds.

    Attributes:
        hidden: ``(T, H)``: the last layer.
        chance: ``(T, C)``: how likely each of ``CLASSES`` is; rows add up to 1.
    """

    hidden: Array
    chance: Array

    def __len__(self) -> int:
        return len(self.hidden)

    @property
    def silence(self) -> Array:
        """How likely nobody speaks, ``(T,)``."""
        return self.chance[:, 0]


def sample(
    rows: NDArray[np.floating], *, times: NDArray[np.float64], around: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What rows at ``FRAME_RATE`` hold at given times and around them, between two rows in proportion.

    Args:
        rows: ``(T, D)``.
        times: ``(N,)`` seconds; outside the rows the nearest counts.
        around: ``(K,)`` seconds to add to each time.

    Returns:
        ``(N, K * D)``.
    """
    at = np.clip((times[:, None] + around[None]) * FRAME_RATE, 0, len(rows) - 1)
    first = np.minimum(at.astype(np.int64), max(len(rows) - 2, 0))
    second = np.minimum(first + 1, len(rows) - 1)
    share = (at - first)[..., None]
    found = rows[first] * (1 - share) + rows[second] * share
    result: NDArray[np.float64] = found.reshape(len(times), -1)
    return result


def log_mel(mono: Array) -> Array:
    """Natural log of mel energies against the loud parts, ``(T, MELS)``, of 16 kHz sound ``(N,)``."""
    sharp = np.append(mono[:1], mono[1:] - np.float32(0.97) * mono[:-1])
    count = len(sharp) // HOP + 1
    padded = np.pad(sharp, (_WINDOW // 2, _WINDOW + HOP))
    bank, window = _mel_bank(), np.hanning(_WINDOW).astype(np.float32)
    mel = np.empty((count, MELS), np.float32)
    for begin in range(0, count, _BLOCK):
        end = min(begin + _BLOCK, count)
        part = padded[begin * HOP : (end - 1) * HOP + _WINDOW]
        frames = np.lib.stride_tricks.sliding_window_view(part, _WINDOW)[::HOP] * window
        mel[begin:end] = np.abs(np.fft.rfft(frames, _FFT)) ** 2 @ bank.T
    energy = mel.sum(axis=1)
    top = max(float(np.percentile(energy[energy >= _AUDIBLE * energy.max()], 95)), 1e-10)
    return np.asarray(np.log(mel / top + _FLOOR), np.float32)


def level(mel: Array) -> NDArray[np.bool_]:
    """Which frames of log mel energies ``(T, MELS)`` are loud enough to be speech, ``(T,)``."""
    loudness = np.log(np.exp(mel).sum(axis=1))
    quiet, loud = np.percentile(loudness[loudness >= loudness.max() + np.log(_AUDIBLE)], (5, 95))
    return np.asarray(loudness >= quiet + _SPEECH * (loud - quiet))


def normalized(mel: Array) -> Array:
    """Log mel energies without what room, microphone and gain did to them: the mean of speech is 0, its spread 1."""
    speech = mel[level(mel)]
    return np.asarray((mel - speech.mean(axis=0)) / max(float(speech.std()), 1e-3), np.float32)


@dataclass(frozen=True)
class Ear:
    """The network: convolutions in time with ReLU, whose normalization is folded into them.

    Attributes:
        kernels: Of every layer of ``LAYERS``: weight ``(size * in, out)`` and bias ``(out,)``.
        head: Weight ``(H, C)`` and bias ``(C,)`` of the classes.
    """

    kernels: tuple[tuple[Array, Array], ...]
    head: tuple[Array, Array]

    @classmethod
    def of(cls, state: Mapping[str, Array]) -> Ear:
        """From the tensors ``ear.N.weight``, ``ear.N.bias``, ``ear.head.weight`` and ``ear.head.bias``."""
        kernels = [(state[f"ear.{i}.weight"], state[f"ear.{i}.bias"]) for i in range(len(LAYERS))]
        return cls(tuple(kernels), (state["ear.head.weight"], state["ear.head.bias"]))

    def hear(self, mono: Array) -> Hearing:
        """Listen to 16 kHz sound ``(N,)``.

        Raises:
            ValueError: There is no sound at all.
        """
        if not len(mono):
            raise ValueError("there is no sound to hear")
        mel = normalized(log_mel(np.asarray(mono, np.float32)))
        weight, bias = self.head
        hidden = np.empty((len(mel), weight.shape[0]), np.float32)
        for begin in range(0, len(mel), _BLOCK):
            end = min(begin + _BLOCK, len(mel))
            first, last = max(begin - REACH, 0), min(end + REACH, len(mel))
            hidden[begin:end] = self._layers(mel, first, last)[begin - first : end - first]
        logits = hidden @ weight + bias
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return Hearing(hidden, odds / odds.sum(axis=1, keepdims=True))

    def _layers(self, mel: Array, first: int, last: int) -> Array:
        rows = mel[first:last]
        for (size, dilation), (weight, bias) in zip(LAYERS, self.kernels, strict=True):
            edge = size // 2 * dilation
            padded = np.pad(rows, ((edge, edge), (0, 0)))
            taps = [padded[i * dilation : i * dilation + len(rows)] for i in range(size)]
            rows = np.maximum(np.concatenate(taps, axis=1) @ weight + bias, 0)
        return rows


def load_arrays(name: str) -> dict[str, Array]:
    """The arrays of a weight file by the name of its card, checked; no network framework is loaded for them.

    Raises:
        ModelError: The file is not there, or not the one its card describes.
    """
    from avsynth.models.hub import obtain

    return _arrays(obtain(name))


@lru_cache(maxsize=8)
def _arrays(path: Path) -> dict[str, Array]:
    from safetensors.numpy import load_file

    return dict(load_file(path))


@lru_cache(maxsize=1)
def _mel_bank() -> Array:
    """Triangles even on the mel scale, ``(MELS, _FFT / 2 + 1)``."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (_LOW_HZ, _HIGH_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, MELS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(_FFT, 1 / RATE)[None]
    rise = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    return np.asarray(np.maximum(0, np.minimum(rise, fall)), np.float32)
