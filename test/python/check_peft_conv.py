"""
PEFT loads adapters of convolutions that medctc wrote, and medctc's package gives what PEFT does: check_peft_conv.py FIXTURE
FOLDER..., where each FOLDER has `adapter`, PEFT's two files, and of its package, `package`, and the file of its adapters.
"""
import importlib
import sys

import torch
from peft import PeftModel
from safetensors.torch import load_file

LIMIT = 1e-5
fixture, *folders = sys.argv[1:]
sys.argv = sys.argv[:1]
sys.path.insert(0, fixture)
tensors = load_file(f"{fixture}/tensors.safetensors")
networks = importlib.import_module("networks")


def check(name, found, expected):
    difference = ((found - expected).abs().max() / expected.abs().max()).item()
    print(f"{name}: differs by at most {difference:.1e}")
    assert difference < LIMIT, (name, difference)


for folder in folders:
    name = folder.rsplit("/", 1)[-1]
    network, kind = name.split("-")
    base = networks.NETWORKS[network]()
    weights = {key: tensors[f"{network}.{key}"] for key in base.state_dict()}
    base.load_state_dict(weights)
    x, expected = tensors[f"{network}.x"], tensors[f"{network}.{kind}.output"]
    with torch.no_grad():
        check(f"{name} in PEFT", PeftModel.from_pretrained(base, f"{folder}/adapter").eval()(x), expected)
        sys.path.insert(0, f"{folder}/package")
        model = importlib.import_module("small").Small()
        sys.path.pop(0)
        for module in [each for each in sys.modules if each == "small" or each.startswith("small.")]:
            del sys.modules[module]
        model.load_state_dict(weights | load_file(f"{folder}/change.safetensors"))
        check(f"{name} in the package", model.eval()(x)["logits"], expected)
