"""The generator has the published layers and names. All weights here are stand-ins: random, of the right shapes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from avsynth.core.errors import ModelError
from avsynth.models import hub
from avsynth.models.checkpoint import read_tensors
from avsynth.models.wav2lip import PARAMETERS, SIZE, Wav2Lip, example_inputs, load_wav2lip

# In, out, kernel of every convolution, in order, and those of the field's own count of convolution and batch
# normalization parameters: weights, biases, scales and shifts, but no running statistics and no counters.
ENCODER, AUDIO, DECODER, OUTPUT = 8_171_056, 2_812_672, 25_291_072, 23_235


@pytest.fixture(scope="module")
def network() -> Wav2Lip:
    torch.manual_seed(1)
    return Wav2Lip()


def count(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_every_part_has_the_published_number_of_parameters(network: Wav2Lip) -> None:
    assert count(network.face_encoder_blocks) == ENCODER
    assert count(network.audio_encoder) == AUDIO
    assert count(network.face_decoder_blocks) == DECODER
    assert count(network.output_block) == OUTPUT
    assert count(network) == PARAMETERS == ENCODER + AUDIO + DECODER + OUTPUT == 36_298_035


def test_names_and_shapes_are_the_published_ones(network: Wav2Lip) -> None:
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert shapes["face_encoder_blocks.0.0.conv_block.0.weight"] == (16, 6, 7, 7)
    assert shapes["face_encoder_blocks.2.3.conv_block.1.running_var"] == (64,)
    assert shapes["face_encoder_blocks.6.1.conv_block.0.weight"] == (512, 512, 1, 1)
    assert shapes["audio_encoder.0.conv_block.0.weight"] == (32, 1, 3, 3)
    assert shapes["audio_encoder.12.conv_block.1.num_batches_tracked"] == ()
    assert shapes["face_decoder_blocks.3.0.conv_block.0.weight"] == (768, 384, 3, 3)  # transposed: in before out
    assert shapes["face_decoder_blocks.6.2.conv_block.0.weight"] == (64, 64, 3, 3)
    assert shapes["output_block.0.conv_block.0.weight"] == (32, 80, 3, 3)
    assert shapes["output_block.1.weight"] == (3, 32, 1, 1)
    assert "output_block.2.weight" not in shapes
    blocks = {".".join(name.split(".")[:2]) for name in shapes if name.startswith("audio_encoder")}
    assert blocks == {f"audio_encoder.{index}" for index in range(13)}


def test_the_picture_shrinks_and_grows_as_published(network: Wav2Lip) -> None:
    mels, faces = example_inputs(2)
    sizes, x = [], faces
    with torch.inference_mode():
        for block in network.face_encoder_blocks:
            x = block(x)
            sizes.append(tuple(x.shape[1:]))
        heard = network.audio_encoder(mels)
        drawn = network(mels, faces)
    assert sizes == [(16, 96, 96), (32, 48, 48), (64, 24, 24), (128, 12, 12), (256, 6, 6), (512, 3, 3), (512, 1, 1)]
    assert heard.shape == (2, 512, 1, 1)
    assert drawn.shape == (2, 3, SIZE, SIZE)
    assert 0 <= drawn.min() < drawn.max() <= 1


def test_a_residual_layer_adds_before_it_rectifies() -> None:
    block = Wav2Lip(width=1).face_encoder_blocks[1][1]
    block.conv_block[1].bias.data.fill_(-3.0)
    block.conv_block[0].weight.data.zero_()
    block.conv_block[0].bias.data.zero_()
    assert torch.equal(block(torch.full((1, 2, 4, 4), 5.0)), torch.full((1, 2, 4, 4), 2.0))  # 5 - 3, not 5 + 0


def test_pictures_go_in_as_blue_green_red_with_the_lower_half_blank(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Wav2Lip(width=1)
    given: list[torch.Tensor] = []

    def see(mels: torch.Tensor, faces: torch.Tensor) -> torch.Tensor:
        given.extend((mels, faces))
        return faces[:, 3:]

    monkeypatch.setattr(network, "forward", see)
    face = np.zeros((SIZE, SIZE, 3), np.uint8)
    face[..., 0], face[..., 2] = 255, 51  # red and a little blue
    (drawn,) = network.draw([face], [np.zeros((80, 16), np.float32)])
    assert given[0].shape == (1, 1, 80, 16)
    assert given[1][0, :, 0, 0].tolist() == pytest.approx([0.2, 0, 1, 0.2, 0, 1])
    assert given[1][0, :, 47, 5].tolist() == pytest.approx([0.2, 0, 1, 0.2, 0, 1])
    assert given[1][0, :, 48, 5].tolist() == pytest.approx([0, 0, 0, 0.2, 0, 1])
    np.testing.assert_array_equal(drawn, face)


# --------------------------------------------------------------------------------------------- containers


def as_published(network: Wav2Lip, path: Path) -> None:
    """The dict that training saved, with DataParallel's names and the optimizer's state."""
    optimizer = torch.optim.Adam(network.parameters())
    state = {f"module.{name}": value for name, value in network.state_dict().items()}
    whole = {"state_dict": state, "optimizer": optimizer.state_dict(), "global_step": 7, "global_epoch": 1}
    torch.save(whole, path)


def as_published_in_2020(network: Wav2Lip, path: Path) -> None:
    """The same in the format before torch 1.6, which is no zip file."""
    state = {f"module.{name}": value for name, value in network.state_dict().items()}
    torch.save({"state_dict": state, "optimizer": None}, path, _use_new_zipfile_serialization=False)


def as_torchscript(network: Wav2Lip, path: Path) -> None:
    """The archive that is offered today."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(network, example_inputs(1)), path)


@pytest.mark.parametrize("save", [as_published, as_published_in_2020, as_torchscript])
def test_every_container_gives_the_same_tensors(save: Callable[[Wav2Lip, Path], None], tmp_path: Path) -> None:
    network = Wav2Lip(width=2)
    save(network, tmp_path / "weights.pt")
    state = read_tensors(tmp_path / "weights.pt", key="state_dict")
    own = network.state_dict()
    assert state.keys() == own.keys()
    assert all(torch.equal(state[name], own[name]) and state[name].dtype == own[name].dtype for name in own)


@pytest.fixture
def added(network: Wav2Lip, home: Path, tmp_path: Path) -> Iterator[Path]:
    """The stand-in handed over under the public card, and used up afterwards: it is 145 MB."""
    file = tmp_path / "wav2lip.pth"
    as_published_in_2020(network, file)
    place = hub.add("lipsync/wav2lip", file, license_accepted=True)
    file.unlink()
    yield place
    place.unlink()


def test_what_was_added_is_what_is_loaded(network: Wav2Lip, added: Path, tmp_path: Path) -> None:
    loaded = load_wav2lip()
    mels, faces = example_inputs(1)
    with torch.inference_mode():
        assert torch.equal(loaded(mels, faces), network(mels, faces))
    assert not loaded.training
    with added.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\x01")
    with pytest.raises(ModelError, match="has changed since it was added; add it again"):
        load_wav2lip()


def test_another_networks_weights_are_refused_in_one_line(home: Path, tmp_path: Path) -> None:
    narrow = Wav2Lip(width=2)
    as_published(narrow, tmp_path / "narrow.pth")
    hub.add("lipsync/wav2lip", tmp_path / "narrow.pth", license_accepted=True)
    with pytest.raises(
        ModelError, match=r"does not fit Wav2Lip: audio_encoder\.0\.conv_block\.0\.bias is \(4,\)"
    ) as one:
        load_wav2lip()
    assert "\n" not in str(one.value)
    state = narrow.state_dict()
    del state["output_block.1.bias"]
    torch.save({"state_dict": state}, tmp_path / "less.pth")
    hub.add("lipsync/wav2lip", tmp_path / "less.pth", license_accepted=True)
    with pytest.raises(ModelError, match=r"output_block\.1\.bias is absent in the file"):
        hub.load_into(Wav2Lip(width=2), card="lipsync/wav2lip")
