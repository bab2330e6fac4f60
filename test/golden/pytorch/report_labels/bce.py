"""What the spec takes from std/bce.vlm."""

from torch import Tensor

from . import ops
from .activations import softplus


def bce(logits: Tensor, labels: Tensor, positive_weight=1, known: Tensor | None = None) -> Tensor:
    """Binary cross-entropy of independent findings, from logits: two f32[batch, findings],
    labels 0 or 1 -> one number. The mean over all entries, or over those for which `known`
    is 1, an f32[batch, findings] of 0 and 1 for labels with gaps. `positive_weight`
    multiplies the terms of present findings, for rare ones: one number or f32[findings].
    """
    # logits: f32[n, findings], labels: f32[n, findings]
    present = positive_weight * labels * softplus(-logits)
    absent = (1 - labels) * softplus(logits)
    terms = present + absent
    return terms.mean() if known is None else (known * terms).sum() / ops.maximum(known.sum(), 1)
