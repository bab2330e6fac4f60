"""What the spec takes from std/activations.vlm."""

import math

import torch
from torch import Tensor

from . import ops


def gelu(x) -> Tensor:
    """GELU (Hendrycks and Gimpel, 2016), exact: x times the normal distribution's cumulative
    probability at x.
    """
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def softplus(x) -> Tensor:
    """log(1 + exp(x)), in a form that does not overflow."""
    return ops.maximum(x, 0) + torch.log(1 + torch.exp(-torch.abs(x)))
