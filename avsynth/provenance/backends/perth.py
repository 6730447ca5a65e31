"""Perth (Resemble AI, MIT): a neural watermark below 2 kHz, from the weights inside the resemble-perth package."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from avsynth.core.errors import MissingExtraError
from avsynth.models.hub import load_state

CARD = "audio_watermark/perth"
N_FFT, HOP = 2048, 320  # of the package's hparams.yaml, as are the next three
HIDDEN, SUBBAND = 256, 128  # 128 of 1025 bins: up to 2 kHz
FLOOR = 1e-9
FLOOR_DB, HEADROOM_DB = -180.0, 15.0
PAD = 8_000  # 0.25 s of silence around what is marked, so that no analysis window mirrors speech into itself
_ALIAS = "_avsynth_perth"


class Perth:
    """Perth's two networks around an STFT of our own, so that length and digital silence are kept.

    ``import perth`` needs a part of setuptools that setuptools 81 dropped, and hides that as ``None``; the
    networks' two modules are therefore loaded from their files, without running the package.

    Raises:
        MissingExtraError: resemble-perth is not installed.
        ModelError: Its weights are not the ones this engine was measured with.
    """

    sample_rate = 32_000

    def __init__(self) -> None:
        root = _package_folder()
        state = load_state(CARD)
        self._encoder = _network(root, "encoder", "Encoder", state)
        self._decoder = _network(root, "decoder", "Decoder", state)
        self._window = torch.hann_window(N_FFT)

    def residual(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """What to add; zeros where ``samples`` are all digital silence."""
        if not samples.any():
            return np.zeros_like(samples)
        padded = torch.from_numpy(np.pad(samples, PAD))
        with torch.no_grad():
            spectrum = self._spectrum(padded)
            marked = self._encoder(_level(spectrum)[None])[0][0]
            decibels = marked * (HEADROOM_DB - FLOOR_DB) + FLOOR_DB
            amplitude = 10.0 ** (decibels / 20).clip(max=10)
            phase = torch.angle(spectrum)
            # Of the spectra's difference: what the encoder left alone cancels exactly.
            change = torch.polar(amplitude, phase) - torch.polar(spectrum.abs().clip(FLOOR), phase)
            added = torch.istft(change, N_FFT, HOP, window=self._window, length=len(padded))
        cut: NDArray[np.float32] = added[PAD : PAD + len(samples)].numpy().astype(np.float32)
        return cut

    def score(self, samples: NDArray[np.float32]) -> float:
        """The decoder's mean over the frames that are loud enough to carry a mark."""
        if not samples.any():
            return 0.0
        shortest = 2 * N_FFT  # below it the transform cannot mirror its ends
        padded = np.pad(samples, (0, max(shortest - len(samples), 0)))
        with torch.no_grad():
            value = float(self._decoder(_level(self._spectrum(torch.from_numpy(padded)))[None])[0])
        return min(max(value, 0.0), 1.0) if np.isfinite(value) else 0.0

    def _spectrum(self, samples: torch.Tensor) -> torch.Tensor:
        return torch.stft(samples, N_FFT, HOP, window=self._window, return_complex=True)


def _level(spectrum: torch.Tensor) -> torch.Tensor:
    """Decibels of the spectrum on a scale of 0 (-180 dB) to 1 (+15 dB), as the networks were trained on."""
    decibels = 20 * torch.log10(spectrum.abs().clip(FLOOR))
    return (decibels - FLOOR_DB) / (HEADROOM_DB - FLOOR_DB)


def _package_folder() -> Path:
    found = importlib.util.find_spec("perth")
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError("audio_watermark 'perth' needs 'perth': pip install resemble-perth")
    return Path(found.submodule_search_locations[0]) / "perth_net" / "perth_net_implicit"


def _network(root: Path, module: str, name: str, state: dict[str, torch.Tensor]) -> Any:
    if _ALIAS not in sys.modules:
        package = ModuleType(_ALIAS)
        package.__path__ = [str(root)]
        sys.modules[_ALIAS] = package
    network = getattr(importlib.import_module(f"{_ALIAS}.model.{module}"), name)(HIDDEN, SUBBAND)
    prefix = f"{module}."
    network.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
    return network.eval()
