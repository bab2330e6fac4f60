"""
PEFT loads on the plain weights what medctc wrote of LoRA that starts from them: check_peft_first.py FIXTURE FOLDER..., where FIXTURE has
the network and its weights, and each FOLDER `adapter`, PEFT's two files.
"""
import os

import torch
from peft import PeftModel
from peft_fixture import LIMIT, check, difference, name_of, read_words
from safetensors.torch import load_file

tensors, networks, (first, *folders) = read_words()
expected = load_file(os.path.join(first, "tensors.safetensors"))

for folder in folders:
    base = networks.NETWORKS["pair"]()
    base.load_state_dict({key: tensors[f"pair.{key}"] for key in base.state_dict()})
    x, output = tensors["pair.x"], expected[f"{name_of(folder)}.output"]
    with torch.no_grad():
        plain = base(x)
        check(name_of(folder), PeftModel.from_pretrained(base, f"{folder}/adapter").eval()(x), output)
    assert difference(plain, output) > 10 * LIMIT, folder
