"""
PEFT loads adapters that medctc combined, truncated and pruned, and they are what its own functions make of the same ones now:
check_combine.py FIXTURE FOLDER, where FOLDER has the result of each case under its name, and `svd-of-north` and `prune-of-north`.
"""

import sys
from pathlib import Path

import torch

fixture, folder = map(Path, sys.argv[1:])
sys.path.insert(0, str(fixture))

from network import Network, cases  # noqa: E402
from peft import PeftModel  # noqa: E402
from peft.utils import merge_utils  # noqa: E402
from reference import combined, delta_of, layers, model_with, updates  # noqa: E402


def loaded(path: Path) -> dict[str, torch.Tensor]:
    """What the adapter in a folder adds to each weight, with the scale that PEFT has for it."""
    model = PeftModel.from_pretrained(Network(), path).double()
    found = updates(model, "default")
    scales = {name.removeprefix("base_model.model.").replace(".base_layer", ""): each for name, each in layers(model)}
    return {name: each * getattr(scales[name], "scaling", {"default": 1})["default"] for name, each in found.items()}


def check(name: str, found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys(), (name, found.keys(), expected.keys())
    worst = 0.0
    for module, update in expected.items():
        norm = update.norm()
        difference = (found[module] - update).norm()
        worst = max(worst, float(difference / norm) if norm > 0 else float(difference))
    assert worst <= 1e-6, (name, worst)
    print(f"{name}: {worst:.1e}")


with torch.no_grad():
    for name, case in cases.items():
        check(name, loaded(folder / name), updates(combined(case), "combined"))
    north = model_with(["north"])
    of_north = {name.removeprefix("base_model.model."): each for name, each in layers(north)}
    truncated, pruned = {}, {}
    for name, layer in of_north.items():
        delta = delta_of(layer, "north")
        u, s, vh = torch.linalg.svd(delta.flatten(1), full_matrices=False)
        truncated[name] = (u[:, :2] * s[:2] @ vh[:2]).reshape(delta.shape)
        for matrices in (layer.lora_A, layer.lora_B):
            if "north" in matrices:
                weight = matrices["north"].weight
                weight.copy_(merge_utils.magnitude_based_pruning(weight, 0.6))
        for matrices in (layer.lora_embedding_A, layer.lora_embedding_B):
            if "north" in matrices:
                matrices["north"].copy_(merge_utils.magnitude_based_pruning(matrices["north"], 0.6))
        pruned[name] = delta_of(layer, "north")
    check("svd", loaded(folder / "svd-of-north"), truncated)
    check("prune", loaded(folder / "prune-of-north"), pruned)
