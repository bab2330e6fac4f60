"""What a package offers besides its values: check_pytorch_options.py FOLDER, of a package that draws in training and has `recompute = layers`."""

import importlib
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

folder = sys.argv[1]
name = next(path.parent.name for path in Path(folder).glob("*/metadata.py"))
sys.path.insert(0, folder)
package = importlib.import_module(name)
ops = importlib.import_module(f"{name}.ops")


def gradients(model, seed):
    model.zero_grad()
    torch.manual_seed(seed)
    model.loss_of(batch).backward()
    return {each: parameter.grad.clone() for each, parameter in model.named_parameters() if parameter.grad is not None}


def largest(found, expected):
    assert set(found) == set(expected)
    return max((found[each] - expected[each]).abs().max().item() for each in expected)


class Table(torch.nn.Module):
    """A module without inputs."""

    def __init__(self):
        super().__init__()
        self.calls = 0
        self.weight = torch.nn.Parameter(torch.ones(3), requires_grad=False)

    def forward(self):
        self.calls += 1
        return 2 * self.weight


def check_computed_once():
    """What is kept is never of other weights than those that are there."""
    table = Table()
    for _ in range(3):
        assert torch.equal(ops.computed_once(table), torch.full((3,), 2.0))
    assert table.calls == 1
    table.load_state_dict({"weight": torch.full((3,), 5.0)})
    assert torch.equal(ops.computed_once(table), torch.full((3,), 10.0)) and table.calls == 2
    table.load_state_dict({"weight": torch.full((3,), 6.0)}, assign=True)
    assert torch.equal(ops.computed_once(table), torch.full((3,), 12.0)) and table.calls == 3
    table.double()
    assert ops.computed_once(table).dtype == torch.float64 and table.calls == 4
    with torch.inference_mode():
        ops.computed_once(table)
    factor = torch.ones(3, dtype=torch.float64, requires_grad=True)
    (ops.computed_once(table) * factor).sum().backward()
    table.weight.requires_grad_(True)
    ops.computed_once(table).sum().backward()
    assert torch.equal(table.weight.grad, torch.full((3,), 2.0, dtype=torch.float64))
    before = table.calls
    ops.computed_once(table)
    assert table.calls == before + 1


check_computed_once()
batch = load_file(f"{folder}/feeds.safetensors")
batch |= {each: tensor.int() for each, tensor in load_file(f"{folder}/ids.safetensors").items()}
model = getattr(package, package.__all__[0])()
model.load_state_dict(load_file(f"{folder}/weights.safetensors"))
model.train()

calls = []
recomputed = ops.recomputed
kept = []


def count(layer, *inputs):
    handle = layer.register_forward_pre_hook(lambda *_: calls.append(layer))
    try:
        return recomputed(layer, *inputs)
    finally:
        kept.append(handle)


ops.recomputed = count
again = gradients(model, 1)
layers = len(kept)
assert layers > 0 and len(calls) == 2 * layers, (layers, len(calls))
for handle in kept:
    handle.remove()
ops.recomputed = lambda layer, *inputs: layer(*inputs)
once = gradients(model, 1)
assert largest(again, once) == 0, largest(again, once)
assert largest(once, gradients(model, 2)) > 1e-6, "what is drawn is drawn anew"

ops.recomputed = recomputed
model.eval()
plain = gradients(model, 1)
# Traced and differentiated as for machine code, which takes minutes to write.
package.compile_layers(model, backend="aot_eager")
compiled = gradients(model, 1)
assert any(layer._compiled_call_impl is not None for layer in model.modules())
assert largest(compiled, plain) < 1e-5, largest(compiled, plain)
print(f"{name}: {layers} layers computed again, and compiled within {largest(compiled, plain):.1e}")
