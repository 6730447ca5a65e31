"""The encoder of Whisper, read from files as CTranslate2 writes them: drawn ones, of the right shapes."""

from __future__ import annotations

import struct
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from avsynth.core.errors import ModelError
from avsynth.models.ctranslate2_file import WHISPER, read_arrays, whisper_folder
from avsynth.models.neural_vocoder import NeuralVocoder
from avsynth.models.phonemes import PHONES
from avsynth.models.voice_cepstra import CEPSTRA
from avsynth.models.voice_converter import content_of
from avsynth.models.voice_mel import MELS
from avsynth.models.whisper_encoder import DEPTH, WhisperEncoder, WhisperOfMel, load_whisper, log_mel

WIDTH = 64
TYPES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}


def model_bin(arrays: dict[str, NDArray[np.generic]], *, version: int = 6) -> bytes:
    def name(text: str) -> bytes:
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    parts = [struct.pack("<I", version), name("WhisperSpec"), struct.pack("<II", 3, len(arrays))]
    for key, values in arrays.items():
        shape = struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
        parts += [name(key), shape, struct.pack("<BI", TYPES[str(values.dtype)], values.nbytes), values.tobytes()]
    parts += [struct.pack("<I", 1), name("decoder/projection/weight"), name("decoder/embeddings/weight")]
    return b"".join(parts)


def whisper_arrays(depth: int = DEPTH + 1) -> dict[str, NDArray[np.generic]]:
    chance = np.random.default_rng(0)
    norms = {"gamma": (WIDTH,), "beta": (WIDTH,)}
    layer = {
        **{f"{place}/layer_norm/{name}": shape for place in ("self_attention", "ffn") for name, shape in norms.items()},
        **{"self_attention/linear_0/weight": (3 * WIDTH, WIDTH), "self_attention/linear_0/bias": (3 * WIDTH,)},
        **{"self_attention/linear_1/weight": (WIDTH, WIDTH), "self_attention/linear_1/bias": (WIDTH,)},
        **{"ffn/linear_0/weight": (4 * WIDTH, WIDTH), "ffn/linear_0/bias": (4 * WIDTH,)},
        **{"ffn/linear_1/weight": (WIDTH, 4 * WIDTH), "ffn/linear_1/bias": (WIDTH,)},
    }
    shapes: dict[str, tuple[int, ...]] = {
        **{"conv1/weight": (WIDTH, 80, 3), "conv1/bias": (WIDTH,)},
        **{"conv2/weight": (WIDTH, WIDTH, 3), "conv2/bias": (WIDTH,)},
        **{"position_encodings/encodings": (1500, WIDTH)},
        **{f"layer_norm/{name}": shape for name, shape in norms.items()},
        **{f"layer_{number}/{name}": shape for number in range(depth) for name, shape in layer.items()},
    }
    found: dict[str, NDArray[np.generic]] = {
        f"encoder/{name}": chance.normal(0, 0.1, shape).astype(np.float16) for name, shape in shapes.items()
    }
    return found | {"encoder/num_heads": np.array(1, np.int16), "decoder/layer_0/bias": np.zeros(3, np.float32)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.bin").write_bytes(model_bin(whisper_arrays()))
    return tmp_path


def test_arrays_come_back_as_they_were_written(folder: Path) -> None:
    found, wanted = read_arrays(folder / "model.bin"), whisper_arrays()
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        assert found[name].dtype == values.dtype
        np.testing.assert_array_equal(found[name], values)


def test_files_that_are_no_models(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    with pytest.raises(ModelError, match="get it anew"):
        read_arrays(path)
    whole = model_bin(whisper_arrays())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="get it anew"):
        read_arrays(path)
    path.write_bytes(model_bin(whisper_arrays(), version=5))
    with pytest.raises(ModelError, match="convert it anew"):
        read_arrays(path)


def test_the_folder_is_the_one_that_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WHISPER, raising=False)
    with pytest.raises(ModelError, match="set AVSYNTH_WHISPER"):
        whisper_folder()
    monkeypatch.setenv(WHISPER, str(folder))
    assert whisper_folder() == folder
    with pytest.raises(ModelError, match="set AVSYNTH_WHISPER"):
        whisper_folder(folder / "elsewhere")


def test_models_that_are_no_whisper(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(model_bin({"encoder/other": np.zeros(3, np.float32)}))
    with pytest.raises(ModelError, match="no Whisper model"):
        load_whisper(tmp_path)
    path.write_bytes(model_bin(whisper_arrays() | {"encoder/conv1/weight_scale": np.ones(WIDTH, np.float32)}))
    with pytest.raises(ModelError, match="quantization float16"):
        load_whisper(tmp_path)
    path.write_bytes(model_bin(whisper_arrays(depth=DEPTH - 1)))
    with pytest.raises(ModelError, match="known shape"):
        load_whisper(tmp_path)


def test_the_first_layers_are_taken_as_they_are(folder: Path) -> None:
    """Held against the layers of torch itself, with one head."""
    arrays = {name: torch.from_numpy(np.array(values, np.float32)) for name, values in whisper_arrays().items()}
    encoder = load_whisper(folder)
    assert isinstance(encoder, WhisperEncoder)
    assert len(encoder.layers) == DEPTH
    names = {
        **{
            "self_attn.in_proj_weight": "self_attention/linear_0/weight",
            "self_attn.in_proj_bias": "self_attention/linear_0/bias",
        },
        **{
            "self_attn.out_proj.weight": "self_attention/linear_1/weight",
            "self_attn.out_proj.bias": "self_attention/linear_1/bias",
        },
        **{f"linear{n + 1}.{kind}": f"ffn/linear_{n}/{kind}" for n in (0, 1) for kind in ("weight", "bias")},
        **{f"norm{n + 1}.weight": f"{place}/layer_norm/gamma" for n, place in enumerate(("self_attention", "ffn"))},
        **{f"norm{n + 1}.bias": f"{place}/layer_norm/beta" for n, place in enumerate(("self_attention", "ffn"))},
    }
    samples = torch.randn(2, 3200, generator=torch.Generator().manual_seed(0))
    hidden = log_mel(samples)
    for name, stride in (("conv1", 1), ("conv2", 2)):
        weight, bias = (arrays[f"encoder/{name}/{part}"] for part in ("weight", "bias"))
        hidden = torch.nn.functional.gelu(torch.nn.functional.conv1d(hidden, weight, bias, padding=1, stride=stride))
    hidden = hidden.transpose(1, 2)
    hidden = hidden + arrays["encoder/position_encodings/encodings"][: hidden.shape[1]]
    for number in range(DEPTH):
        layer = torch.nn.TransformerEncoderLayer(
            WIDTH, 1, 4 * WIDTH, activation="gelu", batch_first=True, norm_first=True
        ).eval()
        layer.load_state_dict({to: arrays[f"encoder/layer_{number}/{name}"] for to, name in names.items()})
        hidden = layer(hidden)
    heard = encoder(samples)
    assert heard.shape == (2, 10, WIDTH)
    assert torch.allclose(heard, torch.nn.functional.layer_norm(hidden, (WIDTH,)), atol=1e-3)
    assert heard.var(dim=2, correction=0).detach().numpy() == pytest.approx(1, abs=1e-3)


def test_mels_are_those_the_model_was_trained_on() -> None:
    """Ten to the fourth of power below and above the loudest, which librosa measures as well."""
    time = np.arange(16_000) / 16_000
    samples = (0.3 * np.sin(2 * np.pi * 440 * time) * (time < 0.5)).astype(np.float32)
    power = librosa.feature.melspectrogram(
        y=samples, sr=16_000, n_fft=400, hop_length=160, n_mels=80, pad_mode="reflect"
    )
    level = np.log10(np.maximum(power[:, :-1], 1e-10))
    wanted = (np.maximum(level, level.max() - 8) + 4) / 4
    assert log_mel(torch.from_numpy(samples[None]))[0].numpy() == pytest.approx(wanted, abs=1e-3)


def test_mels_can_be_trained_through_it(folder: Path) -> None:
    torch.manual_seed(0)
    network = WhisperOfMel(load_whisper(folder), vocoder=NeuralVocoder(width=32, depth=1))
    one = torch.ones(1, 40)
    shape = {"cepstra": torch.zeros(1, CEPSTRA, 40), "loudness": 0 * one, "voiced": one, "f0_hz": 150 * one}
    content = content_of(torch.zeros(1, len(PHONES), 40), **shape)
    mel = torch.full((1, MELS, 40), -4.0, requires_grad=True)
    heard = network(mel, content)
    assert heard.shape == (1, 20, WIDTH)
    (heard * torch.randn_like(heard)).sum().backward()
    assert mel.grad is not None
    assert float(mel.grad.abs().amax(dim=1).min()) > 0
    assert not any(parameter.requires_grad for parameter in network.parameters())
