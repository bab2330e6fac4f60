"""What the spec takes from std/linear.vlm."""

import math

import torch.nn.functional as F
from torch import Tensor, nn

from . import ops


class Linear(nn.Module):
    """A linear projection, y = x W^T + b, over the last axis: [..., inputs] -> [..., outputs].
    The weight has the shape, [outputs, inputs], and the first values of PyTorch's nn.Linear.
    In a pipe `inputs` is inferred: `hidden |> linear(512, bias = false)`.
    """

    def __init__(self, outputs: int, inputs: int, bias: bool = True) -> None:
        super().__init__()
        self.outputs = outputs
        self.inputs = inputs
        ops.require(outputs >= 1, "a linear projection has at least one output")
        # f32[outputs, inputs]
        self.weight = nn.Parameter(ops.uniform([outputs, inputs], 1 / math.sqrt(inputs)))
        # f32[outputs]
        self.bias = nn.Parameter(ops.uniform([outputs], 1 / math.sqrt(inputs))) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        # x: f32[..., inputs]
        return F.linear(x, self.weight, self.bias)
