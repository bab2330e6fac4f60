"""
PEFT loads adapters of embeddings and of transformers' Conv1D that medctc wrote, and gives what it gave with its own:
check_peft_tables.py FIXTURE FOLDER..., where each FOLDER has `adapter`, PEFT's two files, and the name of a case.
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

for folder in folders:
    name = folder.rsplit("/", 1)[-1]
    base = networks.Tables()
    base.load_state_dict({key: tensors[key] for key in base.state_dict()})
    with torch.no_grad():
        model = PeftModel.from_pretrained(base, f"{folder}/adapter").eval()
        found, expected = model(tensors["input_ids"]), tensors[f"{name}.output"]
        difference = ((found - expected).abs().max() / expected.abs().max()).item()
        print(f"{name}: differs by at most {difference:.1e}")
        assert difference < LIMIT, (name, difference)
        merged = model.merge_and_unload().state_dict()
        for key, value in merged.items():
            wanted = tensors.get(f"{name}.merged.{key}", tensors[key])
            assert (value - wanted).abs().max() < 1e-6 * wanted.abs().max(), (name, key)
