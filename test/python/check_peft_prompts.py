"""
PEFT loads prompts and prefixes that medctc wrote, and gives exactly what it gives with its own: check_peft_prompts.py FIXTURE FOLDER...,
where each FOLDER has `adapter`, PEFT's two files, and the name of a case.
"""
import sys

import torch
from peft import PeftModel
from peft_fixture import check, name_of, read_words

fixture = sys.argv[1]
tensors, networks, folders = read_words()
fed = {key: tensors[key].long() for key in ["input_ids", "attention_mask"]}

for folder in folders:
    name = name_of(folder)
    network = {"grouped": "qwen3", "sink": "qwen3", "adaption": "llama", "gated": "mistral"}.get(name, "bert")
    with torch.no_grad():
        ours, theirs = (
            networks.hidden_of(PeftModel.from_pretrained(networks.made(network, tensors), path).eval(), fed)
            for path in [f"{folder}/adapter", f"{fixture}/{name}"]
        )
    assert torch.equal(ours, theirs), name
    check(name, ours[:, -7:], tensors[f"{name}.output"])
