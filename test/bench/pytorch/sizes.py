"""The sizes of the models that are compared, and inputs for them."""

import torch

# What specs/medct.vlm, test/bench/middle.vlm and specs/medct-small.vlm say, by the names of their models.
SIZES = {
    "medct": {
        "frames": 240,
        "vision": {"dim": 512, "codebook_size": 8192, "image_size": 480, "depth": 4, "dim_head": 32, "heads": 8},
        "text": {},
        "length": 512,
        "latent": 512,
        "lora": {"r": 24, "lora_alpha": 48, "text": ("query", "key", "value")},
    },
    "medct_middle": {
        "frames": 80,
        "vision": {"dim": 256, "codebook_size": 1024, "image_size": 160, "depth": 3, "dim_head": 32, "heads": 8},
        "text": {
            "vocab_size": 2000, "hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 8,
            "intermediate_size": 1024, "max_position_embeddings": 128,
        },
        "length": 128,
        "latent": 128,
        "lora": {"r": 4, "lora_alpha": 8, "text": ("query", "value")},
    },
    "medct_small": {
        "frames": 20,
        "vision": {"dim": 32, "codebook_size": 64, "image_size": 60, "depth": 2, "dim_head": 8, "heads": 4},
        "text": {
            "vocab_size": 200, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
            "intermediate_size": 64, "max_position_embeddings": 24,
        },
        "length": 12,
        "latent": 16,
        "lora": {"r": 4, "lora_alpha": 8, "text": ("query", "value")},
    },
}


def inputs(size, batch, device):
    """A batch of random inputs, by the names of the spec."""
    sizes = SIZES[size]
    side = sizes["vision"]["image_size"]
    ids = torch.randint(5, sizes["text"].get("vocab_size", 30000), (batch, sizes["length"]), dtype=torch.int32)
    image = torch.randn(batch, 1, sizes["frames"], side, side).clamp(-1, 1)
    values = {"image": image, "input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return {name: each.to(device) for name, each in values.items()}
