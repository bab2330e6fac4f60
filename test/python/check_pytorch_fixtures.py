"""Packages give what others' own code gave: check_pytorch_fixtures.py CTCLIP CLIP, folders of packages."""

import importlib
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

FORWARD, GRADIENT, STEPS = 2e-5, 1e-4, 1e-4
fixtures = Path("test/fixtures")


def load(folder):
    name = next(path.parent.name for path in Path(folder).glob("*/metadata.py"))
    sys.path.insert(0, folder)
    package = importlib.import_module(name)
    model = getattr(package, package.__all__[0])()
    return package, model, importlib.import_module(f"{name}.ops").checkpoint_names(model)


def check(what, found, expected, limit):
    assert found.numel() == expected.numel(), (what, found.shape, expected.shape)
    error = (found.reshape(-1) - expected.reshape(-1)).abs().max().item() / max(expected.abs().max().item(), 1e-3)
    assert error < limit, f"{what} differs by {error:.1e}"
    return error


def check_gradients(model, names, expected):
    gradients = {names[own]: each.grad for own, each in model.named_parameters() if each.grad is not None}
    wanted = {key.removeprefix("grad."): each for key, each in expected.items() if key.startswith("grad.")}
    assert set(gradients) == set(wanted), set(gradients) ^ set(wanted)
    return max(check(f"gradient of {each}", gradients[each], tensor, GRADIENT) for each, tensor in wanted.items())


def check_ctclip(folder):
    package, model, names = load(folder)
    weights, lora, batch, expected = (
        load_file(fixtures / "ctclip-small" / f"{each}.safetensors") for each in ("weights", "lora", "batch", "expected")
    )
    stages = {
        "patch_embed": model.vision.embed,
        "position_bias": model.vision.grid_bias,
        "spatial": model.vision.spatial,
        "temporal": model.vision.temporal,
        "quantized": model.vision.quantizer,
        "text_hidden": model.text,
    }
    given = {}
    for stage, module in stages.items():
        module.register_forward_hook(lambda _, __, output, stage=stage: given.__setitem__(stage, output.detach()))
    # The fixture leaves out what has no elements.
    weights |= {each: tensor for each, tensor in model.state_dict().items() if tensor.numel() == 0}
    model.load_state_dict(weights, strict=True)
    base = model.loss_of(batch).item()
    worst = check("the loss of the base", torch.tensor([base]), expected["loss_base"], FORWARD)
    for stage, output in given.items():
        worst = max(worst, check(stage, output, expected[stage], FORWARD))
    values = model(batch["image"], batch["input_ids"], batch["attention_mask"])
    for own, stored in ("image", "image_latent"), ("report", "text_latent"):
        worst = max(worst, check(own, values[own].detach(), expected[stored], FORWARD))

    assert not model.load_state_dict(lora, strict=False).unexpected_keys
    losses = [model.loss_of(batch)]
    losses[0].backward()
    steepest = check_gradients(model, names, expected)
    optimizer, schedule = package.make_optimizer(model)
    for _ in range(3):
        optimizer.zero_grad()
        model.loss_of(batch).backward()
        optimizer.step()
        schedule.step()
        losses.append(model.loss_of(batch))
    far = check("losses", torch.stack(losses).detach(), expected["losses"], STEPS)
    state = model.state_dict()
    for key, tensor in expected.items():
        if key.startswith("after3."):
            far = max(far, check(key, state[key.removeprefix("after3.")], tensor, STEPS))

    # Adapters that are merged into the weights beside them: alpha is twice the rank.
    adapted = model.loss_of(batch).item()
    for down in [each for each in state if each.endswith(".lora_A.weight")]:
        up, weight = (down.replace("lora_A.weight", each) for each in ("lora_B.weight", "weight"))
        state[weight] = state[weight] + 2 * state[up] @ state[down]
        state[up] = torch.zeros_like(state[up])
    model.load_state_dict(state, strict=True)
    merged = check("merged weights", model.loss_of(batch).detach(), torch.tensor([adapted]), FORWARD)
    print(f"CT-CLIP: values within {worst:.1e}, gradients {steepest:.1e}, three steps {far:.1e}, merged {merged:.1e}")


def check_clip(folder):
    """Everything is trained."""
    _, model, names = load(folder)
    weights, batch, expected = (load_file(fixtures / "clip-small" / f"{each}.safetensors") for each in ("weights", "batch", "expected"))
    model.load_state_dict(weights, strict=True)
    loss = model.loss_of(batch)
    loss.backward()
    values = model(**batch)
    worst = check("loss", loss.detach(), expected["loss"], FORWARD)
    for own, stored in ("image", "image_latent"), ("caption", "text_latent"):
        worst = max(worst, check(own, values[own].detach(), expected[stored], FORWARD))
    print(f"CLIP: values within {worst:.1e}, gradients {check_gradients(model, names, expected):.1e}")


check_ctclip(sys.argv[1])
check_clip(sys.argv[2])
