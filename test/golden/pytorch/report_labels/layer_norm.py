"""What the spec takes from std/layer_norm.vlm."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LayerNorm(nn.Module):
    """The usual form, with a learned scale and a learned shift: [..., dim] -> [..., dim]."""

    def __init__(self, dim: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones([dim]))  # f32[dim]
        self.bias = nn.Parameter(torch.zeros([dim]))  # f32[dim]

    def forward(self, x: Tensor) -> Tensor:
        # x: f32[..., dim]
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)
