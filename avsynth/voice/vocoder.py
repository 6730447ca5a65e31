"""The WORLD vocoder: speech as pitch, spectral envelope and aperiodicity every 5 ms, and back."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import MissingExtraError

Array = NDArray[np.float64]
FRAME_SECONDS = 0.005
LOWEST_HZ, HIGHEST_HZ = 55.0, 520.0  # pitch of speaking voices, from a creaking bass to an excited child
CODED_SIZE = 40  # coefficients of a coded envelope, K
_TRUSTED_HZ, _FADE_HZ = 7000.0, 2000.0
CODED_RATE = 16_000  # envelopes are compared up to 8 kHz, which recordings of every kind reach


@dataclass(frozen=True)
class WorldFrames:
    """Speech in WORLD's terms, one row each 5 ms.

    Attributes:
        f0_hz: ``(T,)`` pitch, 0 where unvoiced.
        envelope: ``(T, F)`` power.
        aperiodicity: ``(T, F)``, 0 pure tone to 1 pure noise.
        sample_rate: Of the sound it describes.
    """

    f0_hz: Array
    envelope: Array
    aperiodicity: Array
    sample_rate: int


@lru_cache(maxsize=1)
def _world() -> Any:
    """The package ``pyworld``, or only its compiled part where the package itself cannot be imported.

    Up to 0.3.5 its ``__init__`` asks ``pkg_resources`` for nothing but its own version, and setuptools no longer
    has that module since version 82.
    """
    try:
        import pyworld
    except ModuleNotFoundError as error:
        found = importlib.util.find_spec("pyworld")
        if error.name != "pkg_resources" or found is None or found.submodule_search_locations is None:
            raise MissingExtraError(f"the WORLD vocoder needs {error.name!r}: pip install pyworld") from None
        return _compiled_part([Path(place) for place in found.submodule_search_locations])
    return pyworld


def _compiled_part(folders: list[Path]) -> Any:
    for path in (path for folder in folders for path in sorted(folder.glob("pyworld.*"))):
        spec = importlib.util.spec_from_file_location("pyworld.pyworld", path)
        if path.suffix in (".so", ".pyd") and spec is not None and spec.loader is not None:
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise MissingExtraError("the package pyworld is incomplete: pip install --force-reinstall pyworld")


def track_f0(
    samples: NDArray[np.float32], *, sample_rate: int, between_hz: tuple[float, float] = (LOWEST_HZ, HIGHEST_HZ)
) -> Array:
    """Pitch in Hz every 5 ms, ``(T,)``, 0 where unvoiced, by Harvest; see ``pitch.track`` for the octave check."""
    f0, _ = _world().harvest(
        samples.astype(np.float64),
        sample_rate,
        f0_floor=between_hz[0],
        f0_ceil=between_hz[1],
        frame_period=FRAME_SECONDS * 1000,
    )
    result: Array = f0
    return result


def analyze(samples: NDArray[np.float32], *, f0_hz: Array, sample_rate: int) -> WorldFrames:
    """Take speech ``(T,)`` apart, given its pitch."""
    world, sound, pitch = _world(), samples.astype(np.float64), np.ascontiguousarray(f0_hz)
    times = np.arange(len(f0_hz)) * FRAME_SECONDS
    envelope = world.cheaptrick(sound, pitch, times, sample_rate)
    aperiodicity = world.d4c(sound, pitch, times, sample_rate)
    return WorldFrames(f0_hz, envelope, aperiodicity, sample_rate)


def synthesize(frames: WorldFrames, *, length: int) -> NDArray[np.float32]:
    """Put speech together: exactly ``length`` samples, ``(T,)``; silence where the frames do not reach."""
    sound = _world().synthesize(
        np.ascontiguousarray(frames.f0_hz),
        np.ascontiguousarray(frames.envelope),
        np.ascontiguousarray(frames.aperiodicity),
        frames.sample_rate,
        FRAME_SECONDS * 1000,
    )[:length]
    out: NDArray[np.float32] = np.pad(sound, (0, length - len(sound))).astype(np.float32)
    return out


def code_envelope(frames: WorldFrames) -> Array:
    """Envelopes up to 8 kHz in few numbers, ``(T, 40)``: the cosine transform of their logarithm over mels.

    The first coefficient is loudness, the others timbre, whatever the sample rate of the sound.
    """
    world = _world()
    size = world.get_cheaptrick_fft_size(CODED_RATE)
    envelope = frames.envelope
    if frames.sample_rate != CODED_RATE:
        envelope = np.exp(_resample_bins(np.log(envelope), ratio=CODED_RATE / frames.sample_rate, bins=size // 2 + 1))
    coded: Array = world.code_spectral_envelope(np.ascontiguousarray(envelope), CODED_RATE, CODED_SIZE)
    return coded


def decode_gain(difference: Array, *, bins: int, sample_rate: int) -> Array:
    """The gain in natural log of power, ``(T, bins)``, that changes coded envelopes by ``difference (T, 40)``.

    Near 8 kHz the filters of recordings begin, above it coded envelopes know nothing: from 7 kHz on the gain stays
    what it is there, and what would be louder than before fades out, since little is true of it.
    """
    gain = difference @ _decoder()
    size = 2 * (gain.shape[1] - 1)
    trusted = round(_TRUSTED_HZ / CODED_RATE * size)
    edge = gain[:, trusted - size // 32 : trusted].mean(axis=1, keepdims=True)
    gain[:, trusted:] = edge
    wide = _resample_bins(gain, ratio=sample_rate / CODED_RATE, bins=bins)
    kept = np.interp(np.linspace(0, sample_rate / 2, bins), [_TRUSTED_HZ, _TRUSTED_HZ + _FADE_HZ], [1.0, 0.0])
    result: Array = np.where(wide > 0, wide * kept, wide)
    return result


@lru_cache(maxsize=1)
def _decoder() -> Array:
    """The matrix ``(40, F)`` that turns coded envelopes into their logarithm; decoding is linear but for a constant."""
    world = _world()
    rows = np.concatenate([np.zeros((1, CODED_SIZE)), np.eye(CODED_SIZE)])
    size = world.get_cheaptrick_fft_size(CODED_RATE)
    decoded = np.log(world.decode_spectral_envelope(rows, CODED_RATE, size))
    matrix: Array = decoded[1:] - decoded[:1]
    return matrix


def _resample_bins(values: Array, *, ratio: float, bins: int) -> Array:
    """Read rows ``(T, F)`` at ``bins`` places from 0 to ``ratio`` of their range, linearly; flat beyond it."""
    at = np.clip(np.linspace(0, ratio * (values.shape[1] - 1), bins), 0, values.shape[1] - 1)
    low = np.minimum(at.astype(int), values.shape[1] - 2)
    weight = at - low
    result: Array = values[:, low] * (1 - weight) + values[:, low + 1] * weight
    return result
