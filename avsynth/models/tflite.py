"""Runs a float TFLite graph as a torch network, MediaPipe's three own operations included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation uses
from torch import Tensor

from avsynth.core.errors import ModelError
from avsynth.models.tflite_file import Graph, Node, read_graph

Run: TypeAlias = Callable[[list[Tensor]], Tensor]
_SAME = 0  # Padding.SAME
_LOWEST = -3.0e38
_PATCH = 16  # TransformTensorBilinear cuts patches of 16 x 16


class TfliteNetwork(torch.nn.Module):
    """A float TFLite graph in torch.

    Pictures are ``(B, H, W, C)`` outside, as in the file, and ``(B, C, H, W)`` inside, as torch wants them.

    Args:
        path: The file; see ``models.hub.obtain``.

    Raises:
        ModelError: The graph has an operation this class does not know.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        graph = read_graph(path)
        self._inputs, self._outputs = graph.inputs, graph.outputs
        self.output_names = tuple(graph.names[i] for i in graph.outputs)
        self.input_shapes = tuple(graph.shapes[i] for i in graph.inputs)
        self._steps: list[tuple[Run, tuple[int, ...], int]] = []
        self._constants: dict[int, Tensor] = {}
        for node in graph.nodes:
            self._add(node, graph)

    def _add(self, node: Node, graph: Graph) -> None:
        try:
            build = _BUILDERS[node.op]
        except KeyError:
            raise ModelError(
                f"operation {node.op} is not supported; there are: {', '.join(sorted(_BUILDERS))}"
            ) from None
        run, inputs = build(node, graph)
        for i in inputs:
            if i in graph.constants and i not in self._constants:
                self._constants[i] = _inside(torch.from_numpy(np.array(graph.constants[i])))
        activate = _ACTIVATIONS.get(node.options.get("activation", 0))
        if activate is None:
            raise ModelError(f"activation {node.options['activation']} of {node.op} is not supported")
        self._steps.append((_then(run, activate), inputs, node.outputs[0]))

    def forward(self, *pictures: Tensor) -> tuple[Tensor, ...]:
        """Every output of the graph, in the file's order, for its inputs in the file's order and layout."""
        values = dict(self._constants)
        for i, picture in zip(self._inputs, pictures, strict=True):
            values[i] = _inside(picture)
        for run, inputs, output in self._steps:
            values[output] = run([values[i] for i in inputs])
        return tuple(_outside(values[i]) for i in self._outputs)


def _then(first: Run, second: Callable[[Tensor], Tensor]) -> Run:
    return lambda values: second(first(values))


def _inside(value: Tensor) -> Tensor:
    return value.permute(0, 3, 1, 2).contiguous() if value.dim() == 4 else value


def _outside(value: Tensor) -> Tensor:
    return value.permute(0, 2, 3, 1) if value.dim() == 4 else value


def _same_padding(size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int]) -> tuple[int, int, int, int]:
    """TFLite's SAME padding in torch's order: left, right, top, bottom; the odd pixel goes to the end."""
    total = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(size, kernel, stride, strict=True)]
    return total[1] // 2, total[1] - total[1] // 2, total[0] // 2, total[0] - total[0] // 2


def _convolution(node: Node, graph: Graph) -> tuple[Run, tuple[int, ...]]:
    o, weights = node.options, graph.constants[node.inputs[1]]
    depthwise = node.op == "DEPTHWISE_CONV_2D"
    kernel = torch.from_numpy(np.ascontiguousarray(weights.transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))))
    bias = None
    if len(node.inputs) > 2 and node.inputs[2] >= 0:
        bias = torch.from_numpy(np.array(graph.constants[node.inputs[2]]))
    stride, dilation = (o["stride_y"], o["stride_x"]), (o["dilation_y"], o["dilation_x"])
    rows, columns = ((n - 1) * d + 1 for n, d in zip(kernel.shape[2:], dilation, strict=True))

    def run(values: list[Tensor]) -> Tensor:
        x = values[0]
        padding = (0, 0)
        if o["padding"] == _SAME:
            left, right, top, bottom = _same_padding((int(x.shape[2]), int(x.shape[3])), (rows, columns), stride)
            if (left, top) == (right, bottom):
                padding = (top, left)
            else:
                x = F.pad(x, (left, right, top, bottom))
        return F.conv2d(x, kernel, bias, stride, padding, dilation, groups=int(x.shape[1]) if depthwise else 1)

    return run, node.inputs[:1]


def _max_pool(node: Node, graph: Graph) -> tuple[Run, tuple[int, ...]]:
    o = node.options
    kernel, stride = (o["height"], o["width"]), (o["stride_y"], o["stride_x"])

    def run(values: list[Tensor]) -> Tensor:
        x = values[0]
        if o["padding"] == _SAME:
            padding = _same_padding((int(x.shape[2]), int(x.shape[3])), kernel, stride)
            x = F.pad(x, padding, value=_LOWEST) if any(padding) else x
        return F.max_pool2d(x, kernel, stride)

    return run, node.inputs


def _pad(node: Node, graph: Graph) -> tuple[Run, tuple[int, ...]]:
    amounts = graph.constants[node.inputs[1]]
    if len(amounts) == 4:
        amounts = amounts[[0, 3, 1, 2]]
    order = tuple(int(v) for pair in amounts[::-1] for v in pair)  # torch names the last axis first
    return lambda values: F.pad(values[0], order), node.inputs[:1]


def _reshape(node: Node, graph: Graph) -> tuple[Run, tuple[int, ...]]:
    shape = graph.shapes[node.outputs[0]][1:]
    return lambda values: _inside(_outside(values[0]).reshape(values[0].shape[0], *shape)), node.inputs[:1]


def _concatenate(node: Node, graph: Graph) -> tuple[Run, tuple[int, ...]]:
    axis = _axis(node.options["axis"], len(graph.shapes[node.outputs[0]]))
    return lambda values: torch.cat(values, dim=axis), node.inputs


def _axis(axis: int, rank: int) -> int:
    axis %= rank
    return (0, 2, 3, 1)[axis] if rank == 4 else axis


def _slice(node: Node, graph: Graph) -> tuple[Run, tuple[int, ...]]:
    o = node.options
    if o["shrink"]:
        raise ModelError("a STRIDED_SLICE that drops an axis is not supported")
    begin, end, step = (graph.constants[i] for i in node.inputs[1:4])
    parts = [slice(None)] + [
        slice(
            None if o["begin_mask"] >> i & 1 else int(begin[i]),
            None if o["end_mask"] >> i & 1 else int(end[i]),
            int(step[i]),
        )
        for i in range(1, len(begin))
    ]
    return lambda values: _inside(_outside(values[0])[tuple(parts)]), node.inputs[:1]


def _resize(node: Node, graph: Graph) -> tuple[Run, tuple[int, ...]]:
    size = tuple(graph.shapes[node.outputs[0]][1:3])
    corners = bool(node.options["align_corners"])
    if not corners and not node.options["half_pixel"]:
        raise ModelError("RESIZE_BILINEAR without half-pixel centers is not supported")
    return lambda values: F.interpolate(values[0], size=size, mode="bilinear", align_corners=corners), node.inputs[:1]


def _depth_to_space(node: Node, graph: Graph) -> tuple[Run, tuple[int, ...]]:
    block = int(node.options["block"])

    def run(values: list[Tensor]) -> Tensor:
        x = _outside(values[0])
        batch, rows, columns, depth = (int(n) for n in x.shape)
        x = x.reshape(batch, rows, columns, block, block, depth // block**2).permute(0, 1, 3, 2, 4, 5)
        return _inside(x.reshape(batch, rows * block, columns * block, depth // block**2))

    return run, node.inputs


def _prelu(node: Node, graph: Graph) -> tuple[Run, tuple[int, ...]]:
    """Written out: ONNX Runtime spends more time in its own PRelu than in all the convolutions around it."""
    slope = torch.from_numpy(np.array(graph.constants[node.inputs[1]]).reshape(1, -1, 1, 1))
    return lambda values: F.relu(values[0]) - slope * F.relu(-values[0]), node.inputs[:1]


def _crop_matrix(node: Node, graph: Graph) -> tuple[Run, tuple[int, ...]]:
    """Landmarks2TransformMatrix: the turned box around some points, as the matrix from patch to picture."""
    o = node.options
    wide, high, subset = o["output_width"], o["output_height"], list(o["subset_idxs"])

    def run(values: list[Tensor]) -> Tensor:
        points = values[0][..., :2]
        across = points[:, o["right_rotation_idx"]] - points[:, o["left_rotation_idx"]]
        turn = o["target_rotation_radians"] - torch.atan2(across[:, 1], across[:, 0])
        cos, sin = turn.cos()[:, None], turn.sin()[:, None]
        x, y = points[:, subset, 0], points[:, subset, 1]
        u, v = x * cos - y * sin, x * sin + y * cos
        cos, sin = cos[:, 0], sin[:, 0]
        mid_u, mid_v = (u.amax(1) + u.amin(1)) / 2, (v.amax(1) + v.amin(1)) / 2
        scale_x = o["scale_x"] * (u.amax(1) - u.amin(1)) / wide
        scale_y = o["scale_y"] * (v.amax(1) - v.amin(1)) / high
        a, b, c, d = cos * scale_x, sin * scale_y, -sin * scale_x, cos * scale_y
        left = mid_u * cos + mid_v * sin - a * wide / 2 - b * high / 2
        top = -mid_u * sin + mid_v * cos - c * wide / 2 - d * high / 2
        zero, one = torch.zeros_like(a), torch.ones_like(a)
        rows = [(a, b, zero, left), (c, d, zero, top), (zero, zero, one, zero), (zero, zero, zero, one)]
        return torch.stack([torch.stack(row, -1) for row in rows], 1)

    return run, node.inputs


def _cut_patch(node: Node, graph: Graph) -> tuple[Run, tuple[int, ...]]:
    """TransformTensorBilinear: a patch of a feature map under a matrix; zero where it reaches outside."""
    centers = torch.arange(_PATCH, dtype=torch.float32) + 0.5
    gy, gx = torch.meshgrid(centers, centers, indexing="ij")

    def run(values: list[Tensor]) -> Tensor:
        features, matrix = values
        rows, columns = int(features.shape[2]), int(features.shape[3])
        m = matrix[:, :, :, None, None]
        x = m[:, 0, 0] * gx + m[:, 0, 1] * gy + m[:, 0, 3]
        y = m[:, 1, 0] * gx + m[:, 1, 1] * gy + m[:, 1, 3]
        inside = (x >= 0.5) & (x <= columns - 0.5) & (y >= 0.5) & (y <= rows - 0.5)
        grid = torch.stack([x / columns * 2 - 1, y / rows * 2 - 1], -1)
        return F.grid_sample(features, grid, align_corners=False) * inside[:, None].to(features.dtype)

    return run, node.inputs


def _move_points(node: Node, graph: Graph) -> tuple[Run, tuple[int, ...]]:
    """TransformLandmarks: points of a patch under its matrix, so in the picture."""

    def run(values: list[Tensor]) -> Tensor:
        points, m = values[0], values[1][:, :, :, None]
        x, y = points[..., 0], points[..., 1]
        return torch.stack(
            [x * m[:, 0, 0] + y * m[:, 0, 1] + m[:, 0, 3], x * m[:, 1, 0] + y * m[:, 1, 1] + m[:, 1, 3]], -1
        )

    return run, node.inputs


def _elementwise(compute: Callable[..., Tensor]) -> Callable[[Node, Graph], tuple[Run, tuple[int, ...]]]:
    return lambda node, graph: (lambda values: compute(*values), node.inputs)


_ACTIVATIONS: dict[int, Callable[[Tensor], Tensor]] = {0: lambda x: x, 1: F.relu, 3: F.relu6}
_BUILDERS: dict[str, Callable[[Node, Graph], tuple[Any, tuple[int, ...]]]] = {
    "ADD": _elementwise(torch.add),
    "CONCATENATION": _concatenate,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "DEPTH_TO_SPACE": _depth_to_space,
    "Landmarks2TransformMatrix": _crop_matrix,
    "MAX_POOL_2D": _max_pool,
    "MUL": _elementwise(torch.mul),
    "PAD": _pad,
    "PRELU": _prelu,
    "RELU": _elementwise(F.relu),
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize,
    "STRIDED_SLICE": _slice,
    "TransformLandmarks": _move_points,
    "TransformTensorBilinear": _cut_patch,
}
