"""Tensors by name out of a PyTorch file, pickled or TorchScript; whatever else the file holds is never executed."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from avsynth.core.errors import ModelError

_PICKLE_LIMIT = 64 << 20  # bytes of the description of a TorchScript archive; those of large networks are below 1 MB
_STORAGES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
# What reading the damaged middle of a pickle or a zip file ends with.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, pickle.UnpicklingError, EOFError, OSError, RuntimeError),
    *(ValueError, TypeError, AttributeError, LookupError, ArithmeticError, AssertionError),
)
_PARALLEL = "module."  # what DataParallel puts before every name


def read_tensors(path: Path, *, key: str = "") -> dict[str, Tensor]:
    """Read a state dict from a file that ``torch.save`` or ``torch.jit.save`` wrote.

    A pickled file is opened with ``weights_only=True``. A TorchScript archive is a program, which ``torch.jit.load``
    would compile and partly run; here only the tensors beside the program are read, by a reader that knows no code.

    Args:
        path: The file.
        key: Where in a pickled dict the state dict lies; empty for the dict itself. An archive has no such place.

    Returns:
        Tensors on the CPU by name, without the ``module.`` that ``DataParallel`` puts before names.

    Raises:
        ModelError: The file is absent, cut off, no PyTorch file, or holds something else than tensors.
    """
    if not path.is_file():
        raise ModelError(f"there is no file {path}")
    state: Any = _read_archive(path) if _is_archive(path) else _read_pickle(path)
    if key and not _is_archive(path):
        state = state.get(key) if isinstance(state, Mapping) else None
    if not isinstance(state, Mapping) or not state or not all(isinstance(v, Tensor) for v in state.values()):
        raise ModelError(f"{path} holds no state dict{f' under {key!r}' if key else ''}; give the publisher's own file")
    return {str(name).removeprefix(_PARALLEL): tensor for name, tensor in state.items()}


def _read_pickle(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Unsupported global" in str(error) or "Unsupported class" in str(error):
            raise ModelError(f"{path} holds more than weights, which is never run; get it as plain tensors") from None
        raise ModelError(_broken(path)) from None
    except _DAMAGE:
        raise ModelError(_broken(path)) from None


def _broken(path: Path) -> str:
    return f"{path} is cut off or no PyTorch file ({path.stat().st_size} bytes); download it again"


def _is_archive(path: Path) -> bool:
    """Whether it is TorchScript: a zip file with a program in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.count("/") == 1 and name.endswith("/constants.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _read_archive(path: Path) -> dict[str, Tensor]:
    try:
        with zipfile.ZipFile(path) as archive:
            return dict(_tensors(_Reader(archive).load(), ""))
    except _DAMAGE:
        raise ModelError(_broken(path)) from None


def _tensors(item: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a module and of those in it, named as ``state_dict`` names them."""
    for key, value in getattr(item, "attributes", {}).items():
        if isinstance(value, Tensor):
            yield f"{name}{key}", value
        elif isinstance(value, _Module):
            yield from _tensors(value, f"{name}{key}.")


class _Module:
    """Stands for every class of the archive's program: it keeps what it is given and does nothing."""

    def __init__(self) -> None:
        self.attributes: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        self.attributes = state if isinstance(state, dict) else {}


class _Reader(pickle.Unpickler):
    """Reads the description of a TorchScript archive and knows nothing but modules, tensors and lists."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        (name,) = (n for n in archive.namelist() if n.count("/") == 1 and n.endswith("/data.pkl"))
        if archive.getinfo(name).file_size > _PICKLE_LIMIT:
            raise ValueError("the description is too large")
        self._folder = name.removesuffix("/data.pkl")
        super().__init__(io.BytesIO(archive.read(name)))

    def find_class(self, module: str, name: str) -> Any:
        """What a name of the description stands for."""
        if module.startswith("__torch__."):
            return _Module
        if (module, name) in (("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_parameter")):
            return _tensor if name == "_rebuild_tensor_v2" else lambda data, *rest: data
        if module == "torch.jit._pickle":
            return lambda values, *rest: values
        if (module, name) == ("collections", "OrderedDict"):
            return dict
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not read")

    def persistent_load(self, pid: Any) -> Tensor:
        """The numbers of one storage, as a flat tensor."""
        _, dtype, key, _, count = pid
        info = self._archive.getinfo(f"{self._folder}/data/{key}")
        size = int(count) * dtype.itemsize
        if info.compress_type != zipfile.ZIP_STORED or info.file_size < size:
            raise ValueError("the numbers of a tensor are not there")
        data = bytearray(self._archive.read(info))
        return torch.frombuffer(data, dtype=dtype, count=int(count)) if size else torch.empty(0, dtype=dtype)


def _tensor(storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Tensor:
    """A view of a storage; torch refuses one that reaches outside."""
    return torch.as_strided(storage, size, stride, offset)
