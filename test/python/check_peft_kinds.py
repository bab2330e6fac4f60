"""
PEFT loads adapters of the kinds of the fixture that medctc wrote: check_peft_kinds.py FIXTURE FOLDER..., where each FOLDER has
`adapter`, PEFT's two files.
"""
import importlib
import sys

import torch
from peft import PeftModel
from safetensors.torch import load_file

LIMIT = 1e-5
fixture, *folders = sys.argv[1:]
sys.path.insert(0, fixture)
tensors = load_file(f"{fixture}/tensors.safetensors")
networks = importlib.import_module("networks")

for folder in folders:
    name = folder.rsplit("/", 1)[-1]
    network, kind = name.split("-")
    base = networks.NETWORKS[network]()
    base.load_state_dict({key: tensors[f"{network}.{key}"] for key in base.state_dict()})
    x, expected = tensors[f"{network}.x"], tensors[f"{network}.{kind}.output"]
    with torch.no_grad():
        plain = base(x)
        found = PeftModel.from_pretrained(base, f"{folder}/adapter").eval()(x)
    difference = ((found - expected).abs().max() / expected.abs().max()).item()
    print(f"{name}: differs by at most {difference:.1e}")
    assert difference < LIMIT, (name, difference)
    # An adapter that was not applied would also give what is near.
    assert ((plain - expected).abs().max() / expected.abs().max()).item() > 10 * LIMIT, name
