"""PEFT's adapters in the forms that others keep them in, each with the logits of PEFT's model: make_peft_forms.py FIXTURES FOLDER

Each case is a folder in FOLDER: `case.json` says what a spec places and which options medctc needs, `logits.safetensors` what PEFT's model
computes of the batch of FIXTURES, which is not what it computes without adapters.
"""
import argparse
import copy
import json
import os
import shutil
import sys

import torch
from peft import IA3Config, LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from ctclip_model import CtClip

fixtures, into = sys.argv[1:]
batch = load_file(f"{fixtures}/batch.safetensors")


def base_model():
    model = CtClip()
    model.load_state_dict(load_file(f"{fixtures}/weights.safetensors"), strict=False)
    return model.eval()


with torch.no_grad():
    plain = base_model()(**batch)


def shaken(model, *, lengths=0.2):
    """Values for all that is trained, so that nothing is as it starts."""
    torch.manual_seed(5)
    with torch.no_grad():
        for name, each in model.named_parameters():
            if not each.requires_grad:
                continue
            if "lora_" in name and "magnitude" not in name:
                each.copy_(torch.randn_like(each) * 0.3)
            else:
                each.mul_(1 + lengths * torch.randn_like(each)).add_(0.05 * torch.randn_like(each))
    return model


def case(name, model, spec, options):
    with torch.no_grad():
        logits = model.eval()(**batch)
    assert (logits - plain).abs().max() > 1e-3, name
    folder = f"{into}/{name}"
    os.makedirs(folder, exist_ok=True)
    save_file({"logits": logits}, f"{folder}/logits.safetensors")
    with open(f"{folder}/case.json", "w") as file:
        json.dump({"spec": spec, "options": options}, file)


def text_alone(name, spec, config, adapter_name="default", **saving):
    model = base_model()
    model.text_transformer = shaken(get_peft_model(model.text_transformer, config, adapter_name=adapter_name))
    folder = f"{into}/{name}/adapter"
    model.text_transformer.save_pretrained(folder, **saving)
    inside = folder if adapter_name == "default" else f"{folder}/{adapter_name}"
    case(name, model, spec, ["--adapter", inside])
    return model, inside


def qv(**fields):
    return LoraConfig(**({"r": 4, "lora_alpha": 8, "target_modules": ["query", "value"], "init_lora_weights": False} | fields))


LORA = ["lora(rank = 4, alpha = 8) on text.attn.q,v"]
DORA = ["dora(rank = 4, alpha = 8) on text.attn.q,v"]
text_alone("text", LORA, qv())
text_alone("stabilised", ["lora(rank = 4, alpha = 8, rank_stabilised = true) on text.attn.q,v"], qv(use_rslora=True))
text_alone("dora", DORA, qv(use_dora=True))
text_alone("dora-stabilised", ["dora(rank = 4, alpha = 6, rank_stabilised = true) on text.attn.q,v"],
           qv(use_dora=True, use_rslora=True, lora_alpha=6))
text_alone("named", LORA, qv(), adapter_name="hospital")
text_alone("bin", LORA, qv(), safe_serialization=False)
text_alone("gaussian", LORA, qv(init_lora_weights="gaussian"))
text_alone("one-module", ["lora(rank = 4, alpha = 8) on text.layers[1].attn.q"],
           qv(target_modules=r".*layer\.1\.attention\.self\.query"))
text_alone("layers", ["lora(rank = 4, alpha = 8) on text.layers[1].attn.q,v"],
           qv(layers_to_transform=[1], layers_pattern="layer", exclude_modules=["encoder.layer.0.attention.self.query"]))
text_alone("patterns", ["lora(rank = 4, alpha = 8) on text.attn.v, text.layers[0].attn.q",
                        "lora(rank = 2, alpha = 3) on text.layers[1].attn.q"],
           qv(rank_pattern={"layer.1.attention.self.query": 2}, alpha_pattern={r"^encoder\.layer\.1\.attention\.self\.query": 3}))
text_alone("saved-modules", LORA, qv(modules_to_save=["embeddings.LayerNorm", "intermediate.dense"]))
text_alone("bias-all", LORA, qv(bias="all"))
text_alone("bias-lora", LORA, qv(bias="lora_only"))
text_alone("fan-in", LORA, qv(fan_in_fan_out=True))
text_alone("ia3", ["ia3() on text.attn.k,v", "ia3(on_inputs = true) on text.ff.down"],
           IA3Config(target_modules=["key", "value", "output.dense"], feedforward_modules=["output.dense"],
                     exclude_modules=r".*attention\.output\.dense", init_ia3_weights=False))

# Other names of the same file, with and without its config.
model, folder = text_alone("renamed", LORA, qv())
os.rename(f"{folder}/adapter_model.safetensors", f"{folder}/epoch-3.safetensors")
case("renamed", model, LORA, ["--adapter", f"{folder}/epoch-3.safetensors"])
model, folder = text_alone("no-config", LORA, qv())
os.rename(f"{folder}/adapter_model.safetensors", f"{into}/no-config/lora.safetensors")
case("no-config", model, LORA, ["--adapter", f"{into}/no-config/lora.safetensors", "--adapter-alpha", "8"])
model, folder = text_alone("dora-no-config", DORA, qv(use_dora=True))
shutil.move(f"{folder}/adapter_model.safetensors", f"{into}/dora-no-config/dora.safetensors")
case("dora-no-config", model, DORA, ["--adapter", f"{into}/dora-no-config/dora.safetensors", "--adapter-alpha", "8"])

# The names that others put around it.
around = {
    "distributed": lambda key: f"module.{key}",
    "compiled-distributed": lambda key: f"_orig_mod.module.{key}",
    "inner-compiled": lambda key: key.replace("base_model.model.", "base_model.model._orig_mod.").replace(".layer.", "._orig_mod.layer."),
    "recomputed": lambda key: key.replace("attention.self", "_checkpoint_wrapped_module.attention.self"),
    "sharded": lambda key: f"_fsdp_wrapped_module.{key}",
    "no-prefix": lambda key: key.removeprefix("base_model.model."),
    "with-encoder": lambda key: key.replace("base_model.model.", "base_model.model.text_transformer."),
    "inside": lambda key: key.replace("base_model.model.", "base_model.model.clip.text_transformer."),
}
for name, renamed in around.items():
    model, folder = text_alone(name, LORA, qv())
    tensors = {renamed(key): each for key, each in load_file(f"{folder}/adapter_model.safetensors").items()}
    save_file(tensors, f"{folder}/adapter_model.safetensors")

# The whole model, on several encoders at once.
EVERY = ["{} on vision.attn.qkv, text.attn.q,v"]
targets = ["to_q", "to_kv", "query", "value"]


def whole(name, config, adapter_name="default", wrap=lambda model: model):
    return shaken(get_peft_model(wrap(base_model()), config, adapter_name=adapter_name))


for kind, fields in {"lora": {}, "dora": {"use_dora": True}}.items():
    spec = [EVERY[0].format(f"{kind}(rank = 4, alpha = 8)")]
    config = qv(target_modules=targets, **fields)
    model = whole(kind, config)
    model.save_pretrained(f"{into}/whole-{kind}/adapter")
    case(f"whole-{kind}", model, spec, ["--adapter", f"{into}/whole-{kind}/adapter"])
    # Its state dict, with the weights and under other names of adapters.
    for adapter_name in ["default", "v2"]:
        model = whole(kind, config, adapter_name)
        name = f"state-{kind}-{adapter_name}"
        os.makedirs(f"{into}/{name}", exist_ok=True)
        extra = {k: v for k, v in load_file(f"{fixtures}/weights.safetensors").items() if "_extra" in k or "pooler" in k or "to_pixels" in k or "first_frame" in k}
        state = {f"module.{key}": each for key, each in model.state_dict().items()}
        state |= {f"module.base_model.model.{key}": each for key, each in extra.items()}
        torch.save({"model": state, "args": argparse.Namespace(rank=4)}, f"{into}/{name}/last.pt")
        options = ["--weights", f"{into}/{name}/last.pt", "--adapter-alpha", "8", "--allow-missing", "*"]
        case(name, model, spec, options)
    saved = {key: each for key, each in model.state_dict().items() if "lora_" in key}
    save_file(saved, f"{into}/{name}/trained-only.safetensors")
    case(f"trained-only-{kind}", model, spec, ["--adapter", f"{into}/{name}/trained-only.safetensors", "--adapter-alpha", "8"])

model = whole("compiled", qv(target_modules=targets), wrap=torch.compile)
model.save_pretrained(f"{into}/compiled/adapter")
eager = base_model()
eager = get_peft_model(eager, qv(target_modules=targets))
eager.load_state_dict({key.replace("_orig_mod.", ""): each for key, each in model.state_dict().items()})
case("compiled", eager, [EVERY[0].format("lora(rank = 4, alpha = 8)")], ["--adapter", f"{into}/compiled/adapter"])
assert any("_orig_mod" in key for key in load_file(f"{into}/compiled/adapter/adapter_model.safetensors"))

# Two adapters in one state dict, of which one is named.
model = whole("two", qv(target_modules=targets))
model.add_adapter("other", qv(target_modules=targets))
shaken(model)
torch.save(model.state_dict(), f"{into}/two.pt")
model.set_adapter("other")
with torch.no_grad():
    for name, each in model.named_parameters():
        if ".other." in name:
            each.add_(0.1)
torch.save(model.state_dict(), f"{into}/two.pt")
case("two", model, [EVERY[0].format("lora(rank = 4, alpha = 8)")],
     ["--adapter", f"{into}/two.pt", "--adapter-name", "other", "--adapter-alpha", "8"])
