"""
PEFT loads adapters of nn.MultiheadAttention that medctc wrote into the published models' own code, and these give what PEFT gave with
its own files: check_peft_attention.py FIXTURE FOLDER..., where each FOLDER has `adapter`, PEFT's two files, and the name of a case.
"""
import warnings

import torch
from peft import PeftModel
from peft_fixture import LIMIT, check, name_of, read_words
from safetensors.torch import load_file

warnings.filterwarnings("ignore", category=FutureWarning)
tensors, networks, folders = read_words()


def outputs(network, model):
    found = network.outputs(model)
    return {name: found[name] for name in ("image", "text", "loss")}


for folder in folders:
    name = name_of(folder)
    case = name.removesuffix("-only")
    network = networks.NETWORKS[case.split("-")[0]]()
    weights = {key: tensor.clone() for key, tensor in network.model.state_dict().items()}
    plain = {key: value.detach() for key, value in outputs(network, network.model).items()}
    model = PeftModel.from_pretrained(network.model, f"{folder}/adapter", is_trainable=True).eval()
    found = outputs(network, model)
    if case == name:
        for key, value in found.items():
            check(f"{name}, {key}", value, tensors[f"{case}.{key}"])
        found["loss"].backward()
        gradients = {key: each.grad for key, each in model.named_parameters() if each.requires_grad}
        assert len(gradients) == sum(key.startswith(f"{case}.grad.") for key in tensors)
        for key, gradient in gradients.items():
            own = key.removeprefix("base_model.model.").replace(".default", "")
            check(f"{name}, gradient of {own}", gradient, tensors[f"{case}.grad.{own}"], 1e-4)
        merged = model.merge_and_unload().state_dict()
        for key, value in merged.items():
            check(f"{name}, merged {key}", value, tensors.get(f"{case}.merged.{key}", weights[key]), 1e-6)
    else:
        # Queries, keys and values alone: PEFT's other tensors are zeros, and stay so.
        stored = load_file(f"{folder}/adapter/adapter_model.safetensors")
        with torch.no_grad():
            for key, value in stored.items():
                module = key.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
                if key.endswith("lora_A.weight") and f"{module}.in_proj_weight" in weights:
                    weights[f"{module}.in_proj_weight"] += 2 * stored[key.replace("lora_A", "lora_B")] @ value
            changed = networks.NETWORKS[case.split("-")[0]]()
            changed.model.load_state_dict(weights)
            for key, value in outputs(changed, changed.model).items():
                check(f"{name}, {key}", found[key], value)
            assert (found["image"] - plain["image"]).abs().max() > 100 * LIMIT, name
        found["loss"].backward()
        out = [each for key, each in model.named_parameters() if "out_proj.lora" in key]
        assert out and all(each.grad is None or not each.grad.any() for each in out), name
