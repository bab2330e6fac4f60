"""
PEFT loads adapters of parameters that medctc wrote, and gives what it gave with its own:
check_peft_parameters.py FIXTURE FOLDER..., where each FOLDER has `adapter`, PEFT's two files, and the name of a case.
"""
import torch
from peft import PeftModel
from peft_fixture import check, name_of, read_words

tensors, networks, folders = read_words()

for folder in folders:
    name = name_of(folder)
    base = networks.Bare()
    base.load_state_dict({key: tensors[key] for key in base.state_dict()})
    with torch.no_grad():
        model = PeftModel.from_pretrained(base, f"{folder}/adapter").eval()
        check(name, model(tensors["x"]), tensors[f"{name}.output"])
        # Its `merge_and_unload` leaves out modules inside of what it wraps for a parameter.
        model.merge_adapter()
        for key, value in model.get_base_model().state_dict().items():
            plain = key.replace(".base_layer", "")
            if "lora_" not in key:
                check(f"{name}, merged {plain}", value, tensors.get(f"{name}.merged.{plain}", tensors[plain]), 1e-6)
