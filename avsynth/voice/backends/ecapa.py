"""Speaker encoder: ECAPA-TDNN with the weights that SpeechBrain publishes, if the user has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from avsynth.core.errors import ModelError
from avsynth.core.media import Waveform
from avsynth.models.ecapa import CHANNELS, DIMENSION, SAMPLE_RATE, Ecapa
from avsynth.models.hub import cache_home
from avsynth.voice.backends.listening import prepare

FILE_NAME = "embedding_model.ckpt"
FOLDER = Path("weights") / "speaker_encoder" / "ecapa"


class EcapaEncoder:
    """192 numbers a voice, from weights the user supplies.

    Nothing is fetched: get ``embedding_model.ckpt`` of ``speechbrain/spkrec-ecapa-voxceleb`` and put it into
    ``$AVSYNTH_HOME/weights/speaker_encoder/ecapa/``. It is read without running code in it.

    Args:
        weights: The file; None for the place above.
        channels: Width of the network; the published weights have 1024.

    Raises:
        ModelError: The file is not there, is no state dict, or is another network's.
    """

    name = "ecapa"
    dimension = DIMENSION
    sample_rate = SAMPLE_RATE

    def __init__(self, weights: Path | None = None, *, channels: int = CHANNELS) -> None:
        path = weights or cache_home() / FOLDER / FILE_NAME
        state = _read_state(path)
        self._network = Ecapa(channels)
        try:
            self._network.network.load_state_dict(state)
        except RuntimeError as error:
            first = str(error).splitlines()[-1].strip()
            raise ModelError(f"{path} is not an ECAPA-TDNN of {channels} channels: {first}") from None

    def embed(self, waveform: Waveform) -> NDArray[np.float32]:
        """Give the unit vector ``(192,)``.

        Raises:
            InputError: The sound is shorter than half a second or silent.
        """
        embedding: NDArray[np.float32] = self._network.embed(prepare(waveform, sample_rate=SAMPLE_RATE))
        return embedding


def _read_state(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise ModelError(
            f"the weights of ECAPA-TDNN are not at {path}; put the {FILE_NAME} of "
            "speechbrain/spkrec-ecapa-voxceleb there, or use the encoder 'ge2e'"
        )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 - a broken file raises nearly anything
        raise ModelError(f"{path} is no file of weights: {str(error).splitlines()[0]}") from None
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ModelError(f"{path} holds no state dict; it must be the published {FILE_NAME}")
    return dict(state)
