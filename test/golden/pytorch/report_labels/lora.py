"""What the spec takes from std/lora.vlm."""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from . import ops
from .dropout import drop


class Lora(ops.Adapter):
    """LoRA (Hu et al., 2021): y = base(x) + scale * up(down(x)), with base frozen: [...,
    inputs] -> [..., outputs]. `up` starts at zero, so the first step computes the pretrained
    model. The scale is alpha / rank, or alpha / sqrt(rank) if rank-stabilised
    (Kalajdzievski, 2023). Checkpoint names and first values are PEFT's.
    """

    checkpoint_names: ClassVar[dict[str, str]] = {"down": "lora_A.weight", "up": "lora_B.weight"}

    def __init__(
        self,
        base: nn.Module,
        rank: int,
        alpha: float | None = None,
        dropout: float = 0,
        rank_stabilised: bool = False,
        start: str = "uniform",
    ) -> None:
        super().__init__(base)
        if alpha is None:
            alpha = rank
        self.dropout = dropout
        ops.require(rank >= 1, "the rank of an adapter is at least 1")
        ops.require(
            rank <= min(self.original.inputs, self.original.outputs),
            "the rank is larger than the smaller side of the adapted matrix",
        )
        ops.require(dropout >= 0 and dropout < 1, "dropout is a probability below 1")
        ops.require(
            start == "uniform" or start == "gaussian" or start == "orthogonal",
            "start is uniform, gaussian or orthogonal",
        )
        ops.require(
            start != "orthogonal" or rank % 2 == 0, "an orthogonal start needs an even rank"
        )
        scale = alpha / (math.sqrt(rank) if rank_stabilised else rank)
        self.scale = scale
        # f32[rank, base.inputs]
        self.down = nn.Parameter(
            ops.uniform([rank, self.original.inputs], 1 / math.sqrt(self.original.inputs))
        )
        # f32[base.outputs, rank]
        self.up = nn.Parameter(torch.zeros([self.original.outputs, rank]))

    def forward(self, x: Tensor) -> Tensor:
        # x: f32[..., base.inputs]
        low = drop(x, self.dropout, training=self.training) @ self.down.mT
        return self.base(x) + self.scale * (low @ self.up.mT)
