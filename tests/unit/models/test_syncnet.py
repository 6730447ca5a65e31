"""SyncNet has the published layers. All weights here are stand-ins: random, of the right shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from avsynth.core.errors import ModelError
from avsynth.models import hub
from avsynth.models.syncnet import SyncNet, load_syncnet


@pytest.fixture(scope="module")
def network() -> SyncNet:
    torch.manual_seed(2)
    return SyncNet()


def test_layers_have_the_published_places_and_shapes(network: SyncNet) -> None:
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    sound = {0: (64, 1, 3, 3), 4: (192, 64, 3, 3), 8: (384, 192, 3, 3), 11: (256, 384, 3, 3), 14: (256, 256, 3, 3)}
    sound[18] = (512, 256, 5, 4)
    lips = {0: (96, 3, 5, 7, 7), 4: (256, 96, 1, 5, 5), 8: (256, 256, 1, 3, 3), 11: (256, 256, 1, 3, 3)}
    lips |= {14: (256, 256, 1, 3, 3), 18: (512, 256, 1, 6, 6)}
    for tower, layers in (("netcnnaud", sound), ("netcnnlip", lips)):
        for index, shape in layers.items():
            assert shapes[f"{tower}.{index}.weight"] == shape
            assert shapes[f"{tower}.{index + 1}.running_var"] == shape[:1]
        assert sum(name.startswith(tower) and name.endswith("running_var") for name in shapes) == len(layers)
    for head in ("netfcaud", "netfclip"):
        assert [shapes[f"{head}.{index}.weight"] for index in (0, 1, 3)] == [(512, 512), (512,), (1024, 512)]


def test_a_window_of_each_is_one_vector(network: SyncNet) -> None:
    assert network.embed_lips(torch.rand(5, 3, 224, 224) * 255).shape == (1, 1024)
    assert network.embed_sound(torch.rand(3, 1, 13, 20)).shape == (3, 1024)


def test_a_run_of_pictures_gives_the_vectors_of_its_windows() -> None:
    torch.manual_seed(3)
    narrow, pictures = SyncNet(width=1 / 16), torch.rand(9, 3, 224, 224) * 255
    together = narrow.embed_lips(pictures)
    assert together.shape == (5, 1024)
    for first in range(5):
        torch.testing.assert_close(narrow.embed_lips(pictures[first : first + 5])[0], together[first])


def test_the_flat_file_of_old_torch_without_counters_is_loaded(network: SyncNet, home: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="models add sync/syncnet-v2 FILE"):
        load_syncnet()
    state = {name: value for name, value in network.state_dict().items() if "num_batches" not in name}
    torch.save(state, tmp_path / "syncnet_v2.model", _use_new_zipfile_serialization=False)
    place = hub.add("sync/syncnet-v2", tmp_path / "syncnet_v2.model", license_accepted=True)
    windows = torch.rand(1, 1, 13, 20)
    assert torch.equal(load_syncnet().embed_sound(windows), network.embed_sound(windows))
    place.unlink()
