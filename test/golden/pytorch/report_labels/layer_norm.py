"""What the spec takes from std/layer_norm.vlm."""

import torch
from torch import Tensor, nn


def standardise(x, eps) -> Tensor:
    """Layer normalisation (Ba et al., 2016) over the last axis: [..., dim] -> [..., dim], mean
    0 and variance 1. The variance is the biased one, and `eps` is added inside the root, as
    in PyTorch.
    """
    centred = x - x.mean(dim=-1, keepdim=True)
    variance = (centred * centred).mean(dim=-1, keepdim=True)
    return centred * torch.rsqrt(variance + eps)


class LayerNorm(nn.Module):
    """The usual form, with a learned scale and a learned shift: [..., dim] -> [..., dim]."""

    def __init__(self, dim: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones([dim]))  # f32[dim]
        self.bias = nn.Parameter(torch.zeros([dim]))  # f32[dim]

    def forward(self, x: Tensor) -> Tensor:
        # x: f32[..., dim]
        return standardise(x, self.eps) * self.weight + self.bias
