"""PEFT places the adapters that medctc wrote where a published model has its projections: check_peft_files.py NAME=FOLDER...

NAME is that of a fixture, test/fixtures/NAME-small, whose weights say where its model has matrices and kernels of convolutions. A tree
of layers of these names and shapes stands for the model.
"""

import sys

import torch
from peft import PeftModel
from safetensors.torch import load_file
from torch import nn


def tree_of(weights):
    root = nn.Module()
    for name, tensor in weights.items():
        *path, last = name.split(".")
        if tensor.ndim not in (2, 5) or last != "weight":
            continue
        module = root
        for part in path[:-1]:
            if not hasattr(module, part):
                module.add_module(part, nn.Module())
            module = getattr(module, part)
        outputs, inputs, *kernel = tensor.shape
        made = nn.Conv3d(inputs, outputs, kernel) if kernel else nn.Linear(inputs, outputs)
        module.add_module(path[-1], made)
    return root


for words in sys.argv[1:]:
    name, _, folder = words.partition("=")
    fixture = f"test/fixtures/{name}-small"
    model = PeftModel.from_pretrained(tree_of(load_file(f"{fixture}/weights.safetensors")), folder)
    loaded = {key.replace(".default", ""): each for key, each in model.state_dict().items() if ".lora_" in key}
    stored = load_file(f"{folder}/adapter_model.safetensors")
    assert set(loaded) == set(stored), (name, set(loaded) ^ set(stored))
    assert all(torch.equal(loaded[key], each) for key, each in stored.items()), name
    assert {key.removeprefix("base_model.model.") for key in stored} == set(load_file(f"{fixture}/lora.safetensors")), name
    print(f"{name}: {len(stored)} matrices")
