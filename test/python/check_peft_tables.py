"""
PEFT loads adapters of embeddings and of transformers' Conv1D that medctc wrote, and gives what it gave with its own:
check_peft_tables.py FIXTURE FOLDER..., where each FOLDER has `adapter`, PEFT's two files, and the name of a case.
"""
import torch
from peft import PeftModel
from peft_fixture import check, name_of, read_words

tensors, networks, folders = read_words()

for folder in folders:
    name = name_of(folder)
    base = networks.Tables()
    base.load_state_dict({key: tensors[key] for key in base.state_dict()})
    with torch.no_grad():
        model = PeftModel.from_pretrained(base, f"{folder}/adapter").eval()
        check(name, model(tensors["input_ids"]), tensors[f"{name}.output"])
        merged = model.merge_and_unload().state_dict()
        for key, value in merged.items():
            check(f"{name}, merged {key}", value, tensors.get(f"{name}.merged.{key}", tensors[key]), 1e-6)
