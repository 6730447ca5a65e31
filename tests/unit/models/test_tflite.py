"""The TFLite runner: its padding and sparse format against known answers, its graphs against ONNX Runtime."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from avsynth.core.errors import ModelError
from avsynth.models import tflite_file
from avsynth.models.hub import obtain
from avsynth.models.onnx import OnnxNetwork
from avsynth.models.tflite import TfliteNetwork, _same_padding

CARDS = ["face_detector/blazeface-full", "landmarks/attention-mesh"]


@pytest.fixture(scope="module", params=CARDS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_same_padding_puts_the_odd_pixel_at_the_end() -> None:
    assert _same_padding((192, 192), (3, 3), (2, 2)) == (0, 1, 0, 1)
    assert _same_padding((5, 7), (3, 3), (1, 1)) == (1, 1, 1, 1)
    assert _same_padding((4, 4), (2, 2), (2, 2)) == (0, 0, 0, 0)


def level(dense: int = 0, segments: list[int] | None = None, indices: list[int] | None = None) -> SimpleNamespace:
    sparse = segments is not None
    return SimpleNamespace(
        Format=lambda: 1 if sparse else 0,
        DenseSize=lambda: dense,
        ArraySegments=lambda: segments,
        ArraySegmentsType=lambda: 1,
        ArrayIndices=lambda: indices,
        ArrayIndicesType=lambda: 1,
    )


def sparsity(order: list[int], blocks: list[int], levels: list[SimpleNamespace]) -> SimpleNamespace:
    return SimpleNamespace(
        TraversalOrder=lambda i: order[i],
        TraversalOrderLength=lambda: len(order),
        BlockMap=lambda i: blocks[i],
        BlockMapLength=lambda: len(blocks),
        DimMetadata=lambda i: levels[i],
        DimMetadataLength=lambda: len(levels),
    )


@pytest.fixture
def plain_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tflite_file, "_vector", lambda values, kind: np.array(values, np.int64))


@pytest.mark.usefixtures("plain_vectors")
def test_compressed_rows_are_unpacked() -> None:
    levels = [level(dense=3), level(segments=[0, 1, 1, 3], indices=[2, 0, 3])]
    dense = tflite_file._densify(np.array([5.0, 6.0, 7.0]), (3, 4), sparsity([0, 1], [], levels))
    assert dense.tolist() == [[0, 0, 5, 0], [0, 0, 0, 0], [6, 0, 0, 7]]


@pytest.mark.usefixtures("plain_vectors")
def test_blocks_of_two_by_two_are_unpacked() -> None:
    """The example of the schema: a 4 x 4 matrix of 2 x 2 blocks, of which the corners are stored."""
    levels = [level(dense=2), level(segments=[0, 1, 2], indices=[0, 1]), level(dense=2), level(dense=2)]
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    dense = tflite_file._densify(values, (4, 4), sparsity([0, 1, 2, 3], [0, 1], levels))
    assert dense.tolist() == [[1, 2, 0, 0], [3, 4, 0, 0], [0, 0, 5, 6], [0, 0, 7, 8]]


def test_a_file_that_is_no_tflite_file_is_refused(tmp_path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"not a model at all")
    with pytest.raises(ModelError, match="no TFLite file"):
        TfliteNetwork(tmp_path / "x.tflite")


@pytest.mark.weights
def test_torch_and_onnx_runtime_agree(name: str) -> None:
    network = TfliteNetwork(obtain(name))
    picture = torch.rand(network.input_shapes[0], generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        expected = network(picture)
    answers = OnnxNetwork(name)(picture.numpy())
    assert tuple(answers) == network.output_names
    for value, answer in zip(expected, answers.values(), strict=True):
        assert np.abs(value.numpy() - answer).max() < 5e-4  # pixels


@pytest.mark.weights
def test_the_mesh_knows_a_face_from_noise(portrait) -> None:
    network = OnnxNetwork("landmarks/attention-mesh")
    picture = cv2.cvtColor(cv2.imread(str(portrait)), cv2.COLOR_BGR2RGB)
    face = cv2.resize(picture[40:220, 135:315], (192, 192)).astype(np.float32) / 255
    noise = np.random.default_rng(0).random((192, 192, 3), np.float32)
    assert network(face[None])["conv_faceflag"].item() > 5
    assert network(noise[None])["conv_faceflag"].item() < 0


@pytest.mark.weights
def test_refined_lips_turn_with_the_picture(portrait) -> None:
    """MediaPipe's three own operations cut a turned patch and put its points back: a turn must not move the lips."""
    network = OnnxNetwork("landmarks/attention-mesh")
    picture = cv2.cvtColor(cv2.imread(str(portrait)), cv2.COLOR_BGR2RGB)
    seen = {}
    for degrees in (-15, 0, 15):
        turn = cv2.getRotationMatrix2D((225, 130), degrees, 192 / 180)
        turn[:, 2] += 96 - np.array([225, 130])
        answer = network(cv2.warpAffine(picture, turn, (192, 192))[None].astype(np.float32) / 255)
        lips = answer["output_lips"].reshape(-1, 2) - 0.5
        seen[degrees] = (lips - turn[:, 2]) @ np.linalg.inv(turn[:, :2]).T
        mesh = answer["output_mesh_identity"].reshape(-1, 3)
        irises = np.stack([answer[f"output_{side}_iris"].reshape(-1, 2)[0] for side in ("left", "right")])
        lids = np.stack([mesh[[33, 133], :2].mean(0), mesh[[362, 263], :2].mean(0)])
        assert np.abs(irises - lids).max() < 5
    assert np.ptp(seen[0][:20, 0]) > 30
    for degrees in (-15, 15):
        assert np.abs(seen[degrees] - seen[0]).mean() < 2
