"""PyTorch files are read for their tensors; a broken or hostile one is one line, and nothing of it ever runs."""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from pathlib import Path

import pytest
import torch

from avsynth.core.errors import ModelError
from avsynth.models.checkpoint import read_tensors


def small() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))


def script(module: torch.nn.Module, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(module), path)


def test_an_archive_is_read_as_torch_would_load_it(tmp_path: Path) -> None:
    module = torch.nn.ModuleDict({"a": small(), "b": torch.nn.Linear(3, 1, dtype=torch.float64)})
    module["a"][0].weight = torch.nn.Parameter(torch.rand(2, 1, 3, 3).transpose(2, 3))  # a view, not contiguous
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script(torch.nn.Sequential(*module.values()), tmp_path / "net.pt")
        theirs = torch.jit.load(tmp_path / "net.pt").state_dict()
    ours = read_tensors(tmp_path / "net.pt")
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert torch.equal(ours[name], tensor)
        assert ours[name].dtype == tensor.dtype


@pytest.mark.parametrize("kind", ["dict", "old", "archive"])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_one_line(tmp_path: Path, kind: str, kept: float) -> None:
    path = tmp_path / "weights.pt"
    if kind == "archive":
        script(small(), path)
    else:
        torch.save(small().state_dict(), path, _use_new_zipfile_serialization=kind == "dict")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(ModelError, match="is cut off or no PyTorch file") as error:
        read_tensors(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content", [b"<!DOCTYPE html><html>quota exceeded</html>", b"PK\x03\x04 not a zip", b"\x80\x02."]
)
def test_what_is_no_pytorch_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="no PyTorch file"):
        read_tensors(path)
    with pytest.raises(ModelError, match="there is no file"):
        read_tensors(tmp_path / "absent.pt")


def test_a_dict_without_the_key_or_with_other_things_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save({"model": small().state_dict()}, path)
    with pytest.raises(ModelError, match="holds no state dict under 'state_dict'"):
        read_tensors(path, key="state_dict")
    with pytest.raises(ModelError, match="holds no state dict; give"):
        read_tensors(path)
    assert len(read_tensors(path, key="model")) == 7


class Trap:
    """What a hostile pickle does: it would write a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.target,))


def test_a_pickle_with_code_in_it_is_refused(tmp_path: Path) -> None:
    path, trace = tmp_path / "weights.pt", tmp_path / "ran"
    torch.save({"weight": Trap(trace)}, path)
    with pytest.raises(ModelError, match="holds more than weights"):
        read_tensors(path)
    assert not trace.exists()


def hostile(path: Path, description: bytes) -> None:
    """An archive whose description is another one."""
    script(small(), path)
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, description if name.endswith("/data.pkl") else content)


def test_an_archive_with_code_in_its_description_is_refused(tmp_path: Path) -> None:
    path, trace = tmp_path / "net.pt", tmp_path / "ran"
    hostile(path, pickle.dumps({"weight": Trap(trace)}, protocol=2))
    with pytest.raises(ModelError, match="no PyTorch file"):
        read_tensors(path)
    assert not trace.exists()


def test_an_archive_that_points_outside_its_numbers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    script(small(), path)
    with zipfile.ZipFile(path) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith("/data.pkl"))
        description = archive.read(name)
    eighteen = b"K\x12tQ"  # the number of values of the first storage
    assert eighteen in description
    hostile(path, description.replace(eighteen, b"M\x00\x40tQ", 1))
    with pytest.raises(ModelError, match="no PyTorch file"):
        read_tensors(path)


def test_the_program_of_an_archive_never_runs(tmp_path: Path) -> None:
    """The same tensors come out when the program beside them is nonsense, which ``torch.jit.load`` could not read."""
    path = tmp_path / "net.pt"
    script(small(), path)
    before = read_tensors(path)
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(packed, "w") as other:
        for info in archive.infolist():
            other.writestr(info.filename, b"nonsense(" if "/code/" in info.filename else archive.read(info))
    path.write_bytes(packed.getvalue())
    after = read_tensors(path)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
