"""
PEFT loads adapters of a fixture that medctc wrote, gives what it gave with its own, and merges them into the same weights:
check_peft_kinds.py FIXTURE FOLDER..., where each FOLDER has `adapter`, PEFT's two files, and the name of a case.
"""
import torch
from peft import PeftModel
from peft_fixture import LIMIT, check, difference, name_of, network_case, read_words

tensors, networks, folders = read_words()


def unloaded(model):
    return model.merge_and_unload().state_dict()


def plainly_run(model, x):
    return model(x)


merged_weights = getattr(networks, "merged_weights", unloaded)
run = getattr(networks, "run", plainly_run)

for folder in folders:
    name = name_of(folder)
    base, weights, x, given = network_case(tensors, networks, folder)
    with torch.no_grad():
        plain = base(x)
        model = PeftModel.from_pretrained(base, f"{folder}/adapter").eval()
        check(name, run(model, x), given["output"])
        # An adapter that was not applied would also give what is near.
        assert difference(plain, given["output"]) > 10 * LIMIT, folder
        for key, value in merged_weights(model).items():
            check(f"{name}, merged {key}", value, given.get(f"merged.{key}", weights[key]), 1e-6)
