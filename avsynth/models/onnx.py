"""Runs a TFLite card with ONNX Runtime: exported once from torch, then kept beside the weights."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from filelock import FileLock
from numpy.typing import NDArray

from avsynth.core.files import whole_file
from avsynth.models.card import Card, find_card
from avsynth.models.hub import cache_home, obtain
from avsynth.models.tflite import TfliteNetwork

_EXPORT_VERSION = 2  # raise it when the exported graph changes
_OPSET = 16  # the first with GridSample


class OnnxNetwork:
    """A TFLite card run by ONNX Runtime, on a GPU where its package brings one.

    Args:
        card: The card or its name.
        threads: How many processor threads one run may use.

    Raises:
        ModelError: The weights cannot be obtained.
    """

    def __init__(self, card: Card | str, *, threads: int = 1) -> None:
        card = find_card(card) if isinstance(card, str) else card
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        available = onnxruntime.get_available_providers()
        wanted = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in available]
        self._session = onnxruntime.InferenceSession(str(exported(card)), options, providers=wanted)
        self._input = self._session.get_inputs()[0].name
        self.output_names = tuple(output.name for output in self._session.get_outputs())

    def __call__(self, picture: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Every output by name, for one picture ``(1, H, W, 3)``."""
        return dict(zip(self.output_names, self._session.run(None, {self._input: picture}), strict=True))


def exported(card: Card) -> Path:
    """The ONNX file of a TFLite card, made on first use."""
    path = cache_home() / "onnx" / card.name / f"{card.sha256[:12]}-{_EXPORT_VERSION}.onnx"
    if path.is_file():
        return path
    weights = obtain(card)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(path.with_name(f".{path.name}.lock"))):
        if not path.is_file():
            with whole_file(path) as temporary:
                temporary.write_bytes(_export(TfliteNetwork(weights).eval()))
    return path


def _export(network: TfliteNetwork) -> bytes:
    pictures = tuple(torch.zeros(shape) for shape in network.input_shapes)
    buffer = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of Python branches; they depend on shapes alone
        torch.onnx.export(
            network,
            pictures,
            buffer,
            input_names=["picture"],
            output_names=list(network.output_names),
            opset_version=_OPSET,
            dynamo=False,
        )
    return buffer.getvalue()
