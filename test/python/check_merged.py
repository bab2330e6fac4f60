"""Merged checkpoints load in the model that they are of: check_merged.py write|check FIXTURES FOLDER

`write` makes checkpoints of CT-CLIP's small model as trainers leave them. `check` loads what medctc made of each, `NAME.merged.safetensors`,
into the model with strict=True, and holds every tensor to PyTorch's: merged ones to W + s B A in 64 bits, rounded once.
"""
import json
import sys
from argparse import Namespace
import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from ctclip_model import CtClip

mode, fixtures, folder = sys.argv[1:]
weights = load_file(f"{fixtures}/weights.safetensors")
adapter = load_file(f"{fixtures}/peft_adapter/adapter_model.safetensors")
SCALE = 8 / 4


def original():
    """The model with all that its checkpoints have: modules that its forward pass does not use, and buffers that are no weights."""
    model = CtClip()
    for name in weights.keys() - model.state_dict().keys():
        register(model, name, torch.zeros_like(weights[name]))
    register(model, "text_transformer.embeddings.position_ids", torch.arange(24)[None])
    register(model, "visual_transformer.norm.num_batches_tracked", torch.tensor(2**40 + 1))
    register(model, "visual_transformer.mask", torch.tensor([True, False, True]))
    register(model, "visual_transformer.table", torch.linspace(-3, 3, 7).to(torch.float8_e4m3fn))
    register(model, "visual_transformer.codes", torch.tensor([[1, -2], [3, 4]], dtype=torch.int8))
    register(model, "visual_transformer.doubles", torch.linspace(0, 1, 5, dtype=torch.float64))
    register(model, "visual_transformer.empty", torch.zeros(0, 3))
    return model


def register(model, name, value):
    *path, last = name.split(".")
    for part in path:
        if getattr(model, part, None) is None:
            setattr(model, part, nn.Identity())
        model = getattr(model, part)
    model.register_buffer(last, value)


def filled(dtype=torch.float32):
    model = original()
    model.load_state_dict(weights, strict=False)
    state = {name: tensor.to(dtype) if name in weights else tensor for name, tensor in model.state_dict().items()}
    return state


def update(module):
    up, down = (adapter[f"base_model.model.{module}.lora_{side}.weight"].double() for side in "BA")
    return SCALE * up @ down


MODULES = sorted(name.removeprefix("base_model.model.").removesuffix(".lora_A.weight") for name in adapter if ".lora_A." in name)


def merged(state):
    """What a checkpoint of plain names becomes: each merged weight in 64 bits, and rounded once."""
    state = dict(state)
    for module in MODULES:
        name = f"{module}.weight"
        state[name] = (state[name].double() + update(module)).to(state[name].dtype)
    return state


def peft_model():
    model = original()
    model.load_state_dict(filled())
    config = LoraConfig(r=4, lora_alpha=8, target_modules=MODULES, modules_to_save=["to_text_latent"])
    model = get_peft_model(model, config)
    saved = {"base_model.model.to_text_latent.weight": weights["to_text_latent.weight"]}
    set_peft_model_state_dict(model, adapter | saved)
    with torch.no_grad():
        saved = model.base_model.model.to_text_latent.modules_to_save["default"]
        saved.weight += 0.25
    return model


def write():
    half = filled(torch.float16)
    # One tensor under two names: the second follows the first, which an adapter changes.
    tied = dict(half)
    tied["tied.weight"] = tied[f"{MODULES[0]}.weight"]
    ema = {f"module.{name}": tensor.clone() + 1 for name, tensor in half.items() if name in weights}
    model = CtClip()
    optimizer = torch.optim.AdamW(model.parameters())
    sum(p.sum() for p in model.parameters()).backward()
    optimizer.step()
    trainer = {
        "epoch": 3,
        "args": Namespace(lr=1e-4),
        "model": {f"module.{name}": tensor for name, tensor in tied.items()},
        "ema": ema,
        "optimizer": optimizer.state_dict(),
    }
    torch.save(trainer, f"{folder}/trainer.pt")
    torch.save(tied, f"{folder}/plain.pt")
    doubles = filled(torch.float64)
    save_file(doubles, f"{folder}/doubles.safetensors", metadata={"format": "pt", "trainer": "of old", "sshs_hash": "0"})
    brain = {f"_orig_mod.{name}": tensor for name, tensor in filled(torch.bfloat16).items()}
    names = sorted(brain)
    shards = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for shard, own in shards.items():
        save_file({name: brain[name] for name in own}, f"{folder}/{shard}", metadata={"format": "pt"})
    index = {"metadata": {"total_size": 1}, "weight_map": {name: shard for shard, own in shards.items() for name in own}}
    with open(f"{folder}/model.safetensors.index.json", "w") as file:
        json.dump(index, file)
    torch.save(peft_model().state_dict(), f"{folder}/peft.pt")


def same(name, found, expected):
    assert found.keys() == expected.keys(), (name, found.keys() ^ expected.keys())
    worst = 0.0
    for key, tensor in expected.items():
        own = found[key]
        assert (own.dtype, own.shape) == (tensor.dtype, tensor.shape), (name, key, own.dtype, tensor.dtype)
        if torch.equal(own.reshape(-1).view(torch.uint8), tensor.contiguous().reshape(-1).view(torch.uint8)):
            continue
        worst = max(worst, (own.double() - tensor.double()).abs().max().item())
    print(f"{name}: {len(expected)} tensors, all of them PyTorch's but for {worst:.1e}")
    return worst


def loaded(name, prefix=""):
    found = load_file(f"{folder}/{name}.merged.safetensors")
    plain = {key.removeprefix(prefix): tensor for key, tensor in found.items()}
    assert all(key.startswith(prefix) for key in found), name
    return plain


def loads(state):
    model = original().eval()
    assert not any(model.load_state_dict(state, strict=True))
    return model


def check():
    with torch.no_grad():
        half = filled(torch.float16)
        tied = merged(half)
        tied["tied.weight"] = tied[f"{MODULES[0]}.weight"]
        for name, prefix in (("trainer", "module."), ("plain", "")):
            state = loaded(name, prefix)
            assert same(name, state, tied) == 0
            assert torch.equal(state.pop("tied.weight"), state[f"{MODULES[0]}.weight"])
            wrapped = nn.DataParallel(original()) if prefix else original()
            assert not any(wrapped.load_state_dict({prefix + key: tensor for key, tensor in state.items()}, strict=True))
        state = loaded("doubles")
        assert same("doubles", state, merged(filled(torch.float64))) < 1e-15
        loads(state)
        with safe_open(f"{folder}/doubles.merged.safetensors", "pt") as file:
            assert file.metadata() == {"format": "pt", "trainer": "of old"}, file.metadata()
        state = loaded("sharded", "_orig_mod.")
        assert same("sharded", state, merged(filled(torch.bfloat16))) == 0
        loads(state)
        whole = {key: tensor.float() if tensor.dtype == torch.bfloat16 else tensor for key, tensor in merged(filled(torch.bfloat16)).items()}
        wide = loaded("wide", "_orig_mod.")
        brain = filled(torch.bfloat16)
        for module in MODULES:
            whole[f"{module}.weight"] = (brain[f"{module}.weight"].double() + update(module)).float()
        whole["visual_transformer.doubles"] = whole["visual_transformer.doubles"].float()
        assert same("wide", wide, whole) == 0
        unloaded = peft_model().merge_and_unload()
        state = loaded("peft")
        assert same("peft", state, unloaded.state_dict()) < 1e-6
        batch = load_file(f"{fixtures}/batch.safetensors")
        difference = (loads(state)(**batch) - peft_model().eval()(**batch)).abs().max().item()
        print(f"peft: logits differ by at most {difference:.1e}")
        assert difference < 1e-6


{"write": write, "check": check}[mode]()
