"""
PEFT loads adapters of convolutions that medctc wrote, and medctc's package gives what PEFT does: check_peft_conv.py FIXTURE
FOLDER..., where each FOLDER has `adapter`, PEFT's two files, and of its package, `package`, and the file of its adapters.
"""
import importlib
import sys

import torch
from peft import PeftModel
from peft_fixture import check, name_of, network_case, read_words
from safetensors.torch import load_file

tensors, networks, folders = read_words()

for folder in folders:
    name = name_of(folder)
    base, weights, x, given = network_case(tensors, networks, folder)
    with torch.no_grad():
        check(f"{name} in PEFT", PeftModel.from_pretrained(base, f"{folder}/adapter").eval()(x), given["output"])
        sys.path.insert(0, f"{folder}/package")
        model = importlib.import_module("small").Small()
        sys.path.pop(0)
        for module in [each for each in sys.modules if each == "small" or each.startswith("small.")]:
            del sys.modules[module]
        model.load_state_dict(weights | load_file(f"{folder}/change.safetensors"))
        check(f"{name} in the package", model.eval()(x)["logits"], given["output"])
