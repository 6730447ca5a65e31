"""CTranslate2's model files: which arrays lie in them."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from avsynth.core.errors import ModelError

WHISPER = "AVSYNTH_WHISPER"  # names the folder of a Whisper model that the user has
_MODEL = "model.bin"
_TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
_VERSION = 6


def read_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    """The arrays of a ``model.bin``, by name, in the types they are kept in.

    Args:
        path: Written by CTranslate2 2.0 or newer (file version 6).

    Raises:
        ModelError: It is no such file, or cut off.

    Source:
        The reader in CTranslate2's ``src/models/model.cc``: little endian; names with their length and a zero byte.
    """
    try:
        with path.open("rb") as file:
            (version,) = _numbers(file, "I")
            if version != _VERSION:
                raise ModelError(f"{path} is no model of CTranslate2 of version {_VERSION}; convert it anew")
            _name(file), _numbers(file, "I")
            return dict(_array(file) for _ in range(*_numbers(file, "I")))
    except (OSError, struct.error, ValueError, IndexError) as error:
        raise ModelError(f"{path} cannot be read as a model of CTranslate2: {error}; get it anew") from None


def whisper_folder(folder: Path | None = None) -> Path:
    """The folder of a Whisper model that the user has: ``folder``, or the one that ``$AVSYNTH_WHISPER`` names.

    Raises:
        ModelError: None is named, or it holds no model.
    """
    place = folder or Path(os.environ.get(WHISPER, ""))
    if not (place / _MODEL).is_file():
        raise ModelError(
            f"no {_MODEL} of Whisper is in {str(place)!r}; set {WHISPER} to the folder of a Whisper model in "
            "CTranslate2's form"
        )
    return place


def _array(file: BinaryIO) -> tuple[str, NDArray[np.generic]]:
    name = _name(file)
    (rank,) = _numbers(file, "B")
    shape = _numbers(file, f"{rank}I") if rank else ()
    kind, count = _numbers(file, "BI")
    return name, np.frombuffer(file.read(count), dtype=_TYPES[kind]).reshape(shape)


def _name(file: BinaryIO) -> str:
    (length,) = _numbers(file, "H")
    return file.read(length).rstrip(b"\0").decode()


def _numbers(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(f"<{form}", file.read(struct.calcsize(f"<{form}")))
