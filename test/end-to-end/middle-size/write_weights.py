"""Random weights as torch.save writes a model's, and a batch: write_weights.py FIRST WEIGHTS BATCH.

FIRST is what `medctc export SPEC --safetensors FIRST` gives: parameters and buffers by their names in checkpoints.
"""

import math
import sys

import torch
from safetensors.torch import load_file, save_file

first, weights, batch = sys.argv[1:]
torch.manual_seed(5)


def values(name, given):
    """Larger than the first values and without symmetries, so that a weight that gets lost changes what is computed."""
    if name == "temperature":
        return torch.tensor(1.5)
    if "_codebook" in name or name.endswith(".beta"):
        return given
    if given.ndim > 1:
        # Words stand out from positions and segments, so that texts differ.
        embedding = {"word": 1.0, "position": 0.1, "token_type": 0.1}
        scale = next((scale for kind, scale in embedding.items() if f"{kind}_embeddings" in name), None)
        return torch.randn(given.shape) * (scale or 1.0 / math.sqrt(given[0].numel() or 1))
    return given + 0.05 * torch.randn(given.shape)


model = {name: values(name, given) for name, given in load_file(first).items()}
torch.save(model, weights)
lengths = torch.tensor([64, 40, 9, 64])
save_file(
    {
        "image": torch.randn(4, 1, 40, 120, 120).clamp(-1, 1),
        "input_ids": torch.randint(5, 30000, (4, 64), dtype=torch.int32),
        "attention_mask": (torch.arange(64) < lengths[:, None]).int(),
    },
    batch,
)
