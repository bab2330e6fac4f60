"""What the spec takes from std/dropout.vlm."""

import torch.nn.functional as F
from torch import Tensor


def drop(x, rate, *, training: bool) -> Tensor:
    """Sets each element of x to 0 with probability `rate` and scales the rest by 1 / (1 -
    rate); the shape is kept. Outside training it returns x. It is named `drop` so that an
    adapter can have an argument `dropout`.
    """
    return F.dropout(x, rate, training) if rate > 0 else x
