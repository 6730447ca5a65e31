"""Reads a TFLite file into plain Python: what the graph computes, without TensorFlow and without running anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import tflite
from flatbuffers import flexbuffers
from numpy.typing import NDArray

from avsynth.core.errors import ModelError

Array: TypeAlias = NDArray[Any]

_DTYPES: dict[int, type[np.generic]] = {0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 4: np.int64}
_CUSTOM = int(tflite.BuiltinOperator.CUSTOM)
_NAMES = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
_SPARSE = 1  # DimensionType.SPARSE_CSR


@dataclass(frozen=True)
class Node:
    """One operation: its name, the tensors it reads (-1 is none) and writes, and its options."""

    op: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any]


@dataclass(frozen=True)
class Graph:
    """The first subgraph of a TFLite file.

    Attributes:
        inputs: Tensors that are given.
        outputs: Tensors that are wanted.
        names: Name of every tensor.
        shapes: Shape of every tensor, in TFLite's order (B, H, W, C).
        constants: What is fixed, by tensor; 16-bit floats as float32.
        nodes: The operations in order; those that only unpack constants are gone.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    constants: dict[int, Array]
    nodes: tuple[Node, ...]


def read_graph(path: Path) -> Graph:
    """Read a float TFLite file.

    Raises:
        ModelError: The file is no TFLite file.
    """
    data = path.read_bytes()
    if data[4:8] != b"TFL3":
        raise ModelError(f"{path} is no TFLite file")
    model = tflite.Model.GetRootAsModel(data, 0)
    graph = model.Subgraphs(0)
    tensors = [graph.Tensors(i) for i in range(graph.TensorsLength())]
    constants = {i: c for i, tensor in enumerate(tensors) if (c := _constant(model, tensor)) is not None}
    nodes: list[Node] = []
    for i in range(graph.OperatorsLength()):
        node = _node(model, graph.Operators(i))
        if node.op in ("DEQUANTIZE", "DENSIFY") and node.inputs[0] in constants:
            constants[node.outputs[0]] = constants[node.inputs[0]]
        else:
            nodes.append(node)
    return Graph(
        inputs=tuple(map(int, graph.InputsAsNumpy())),
        outputs=tuple(map(int, graph.OutputsAsNumpy())),
        names=tuple(tensor.Name().decode() for tensor in tensors),
        shapes=tuple(_shape(tensor) for tensor in tensors),
        constants=constants,
        nodes=tuple(nodes),
    )


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(int(tensor.Shape(i)) for i in range(tensor.ShapeLength()))


def _constant(model: Any, tensor: Any) -> Array | None:
    buffer = model.Buffers(tensor.Buffer())
    if buffer.DataLength() == 0:
        return None
    if tensor.Type() not in _DTYPES:
        raise ModelError(f"tensor {tensor.Name().decode()!r} is of type {tensor.Type()}; only float graphs are run")
    values = np.frombuffer(buffer.DataAsNumpy().tobytes(), _DTYPES[tensor.Type()])
    shape = _shape(tensor)
    array = values.reshape(shape) if tensor.Sparsity() is None else _densify(values, shape, tensor.Sparsity())
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _densify(values: Array, shape: tuple[int, ...], sparsity: Any) -> Array:
    """Unpack TFLite's sparse format (TACO): a tree whose levels are dense, or sparse in compressed rows.

    Levels follow ``TraversalOrder``; those past the rank are blocks that subdivide the dimension ``BlockMap`` names.
    """
    rank = len(shape)
    order = [int(sparsity.TraversalOrder(i)) for i in range(sparsity.TraversalOrderLength())]
    block_of = [int(sparsity.BlockMap(i)) for i in range(sparsity.BlockMapLength())]
    levels = [sparsity.DimMetadata(i) for i in range(sparsity.DimMetadataLength())]
    block_size = dict.fromkeys(range(rank), 1)
    for level, dimension in zip(levels, order, strict=True):
        if dimension >= rank:
            block_size[block_of[dimension - rank]] = int(level.DenseSize())
    position = np.zeros(1, np.int64)  # of every node of the tree in its level
    index = np.zeros((1, rank), np.int64)
    for level, dimension in zip(levels, order, strict=True):
        parent, coordinate, position = _descend(level, position)
        index = index[parent]
        axis = dimension if dimension < rank else block_of[dimension - rank]
        index[:, axis] += coordinate * (block_size[axis] if dimension < rank else 1)
    dense = np.zeros(shape, values.dtype)
    dense[tuple(index.T)] = values[position]
    return dense


def _descend(level: Any, position: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """One level down: for every child the number of its parent, its coordinate, and its own position."""
    if level.Format() != _SPARSE:
        size = int(level.DenseSize())
        parent = np.repeat(np.arange(len(position)), size)
        coordinate = np.tile(np.arange(size), len(position))
        return parent, coordinate, position[parent] * size + coordinate
    segments = _vector(level.ArraySegments(), level.ArraySegmentsType())
    indices = _vector(level.ArrayIndices(), level.ArrayIndicesType())
    counts = segments[position + 1] - segments[position]
    parent = np.repeat(np.arange(len(position)), counts)
    starts = np.repeat(segments[position] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    child = starts + np.arange(len(parent))
    return parent, indices[child], child


def _vector(table: Any, kind: int) -> NDArray[np.int64]:
    vector = {1: tflite.Int32Vector, 2: tflite.Uint16Vector, 3: tflite.Uint8Vector}[kind]()
    vector.Init(table.Bytes, table.Pos)
    values: NDArray[np.int64] = vector.ValuesAsNumpy().astype(np.int64)
    return values


def _node(model: Any, operator: Any) -> Node:
    code = model.OperatorCodes(operator.OpcodeIndex())
    number = max(int(code.BuiltinCode()), int(code.DeprecatedBuiltinCode()))
    op = code.CustomCode().decode() if number == _CUSTOM else _NAMES[number]
    if number == _CUSTOM:
        data = operator.CustomOptionsAsNumpy().tobytes() if operator.CustomOptionsLength() else b""
        options: dict[str, Any] = flexbuffers.Loads(data) if data else {}
    else:
        reader = _OPTIONS.get(op)
        options = reader(operator.BuiltinOptions()) if reader is not None else {}
    inputs = tuple(int(operator.Inputs(i)) for i in range(operator.InputsLength()))
    outputs = tuple(int(operator.Outputs(i)) for i in range(operator.OutputsLength()))
    return Node(op, inputs, outputs, options)


def _reader(kind: str, **fields: str) -> Callable[[Any], dict[str, Any]]:
    def read(table: Any) -> dict[str, Any]:
        options = getattr(tflite, kind)()
        options.Init(table.Bytes, table.Pos)
        return {name: getattr(options, field)() for name, field in fields.items()}

    return read


_CONV = {"stride_y": "StrideH", "stride_x": "StrideW", "padding": "Padding", "activation": "FusedActivationFunction"}
_CONV |= {"dilation_y": "DilationHFactor", "dilation_x": "DilationWFactor"}
_POOL = {"stride_y": "StrideH", "stride_x": "StrideW", "padding": "Padding", "activation": "FusedActivationFunction"}
_POOL |= {"height": "FilterHeight", "width": "FilterWidth"}
_OPTIONS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "CONV_2D": _reader("Conv2DOptions", **_CONV),
    "DEPTHWISE_CONV_2D": _reader("DepthwiseConv2DOptions", **_CONV),
    "MAX_POOL_2D": _reader("Pool2DOptions", **_POOL),
    "ADD": _reader("AddOptions", activation="FusedActivationFunction"),
    "MUL": _reader("MulOptions", activation="FusedActivationFunction"),
    "CONCATENATION": _reader("ConcatenationOptions", axis="Axis", activation="FusedActivationFunction"),
    "RESIZE_BILINEAR": _reader("ResizeBilinearOptions", align_corners="AlignCorners", half_pixel="HalfPixelCenters"),
    "DEPTH_TO_SPACE": _reader("DepthToSpaceOptions", block="BlockSize"),
    "STRIDED_SLICE": _reader(
        "StridedSliceOptions", begin_mask="BeginMask", end_mask="EndMask", shrink="ShrinkAxisMask"
    ),
}
