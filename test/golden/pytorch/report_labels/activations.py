"""What the spec takes from std/activations.vlm."""

import torch.nn.functional as F
from torch import Tensor


def gelu(x) -> Tensor:
    """GELU (Hendrycks and Gimpel, 2016), exact: x times the normal distribution's cumulative
    probability at x.
    """
    return F.gelu(x)


def softplus(x) -> Tensor:
    """log(1 + exp(x)), in a form that does not overflow."""
    return F.softplus(x)
