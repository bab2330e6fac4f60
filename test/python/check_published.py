"""Packages give what published models' own code gave: check_published.py FOLDER...

Each FOLDER is named for a fixture, test/fixtures/NAME-small, which test/parity/published-fixtures.ts describes, and has two packages:
`trained`, without adapters and with everything trained, and `small`, with the fixture's adapters.
"""

import importlib
import inspect
import json
import re
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

STAGE, LOSS, GRADIENT = 2e-5, 1e-5, 1e-4


class Fixture:
    """What a model's own code gave, and how far from it a package may be."""

    def __init__(self, name):
        folder = Path("test/fixtures") / f"{name}-small"
        self.name = name
        notes = json.loads((folder / "fixture.json").read_text())
        self.vanishing = [re.compile(each) for each in notes["vanishing"]]
        files = ("weights", "batch", "lora", "expected")
        self.weights, self.batch, self.lora, self.expected = (load_file(folder / f"{each}.safetensors") for each in files)

    def behind(self, prefix):
        return {key.removeprefix(prefix) for key in self.expected if key.startswith(prefix)}

    def check(self, key, found, limit):
        expected = self.expected[key]
        assert found.numel() == expected.numel(), (self.name, key, found.shape, expected.shape)
        error = (found.detach().reshape(-1) - expected.reshape(-1)).abs().max().item()
        if not any(each.search(key) for each in self.vanishing):
            error /= expected.abs().max().item()
        assert error < limit, f"{self.name}: {key} differs by {error:.1e}"
        return error


def load(folder):
    """A package's model, and its module `ops`, which knows names in checkpoints."""
    package_name = next(path.parent.name for path in folder.glob("*/metadata.py"))
    sys.path.insert(0, str(folder))
    package = importlib.import_module(package_name)
    sys.path.pop(0)
    model = getattr(package, package.__all__[0])().eval()
    return model, importlib.import_module(f"{package_name}.ops")


def values_of(model, batch):
    """The values of a forward pass by their names in the spec: what the model gives, and the variables of each module's `forward`."""
    paths = {id(module): path for path, module in model.named_modules() if path}
    found = {}

    def keep(frame, event, _):
        path = paths.get(id(frame.f_locals.get("self"))) if event == "return" and frame.f_code.co_name == "forward" else None
        if path is not None:
            found.update({f"{path}.{name}": each for name, each in frame.f_locals.items() if isinstance(each, torch.Tensor)})

    sys.setprofile(keep)
    try:
        given = model(**{name: batch[name] for name in inspect.signature(model.forward).parameters})
    finally:
        sys.setprofile(None)
    return {**found, **given}


def check_step(fixture, model, ops, loss_name, prefix):
    """The loss of a batch, and the gradients of all parameters or, in a model with adapters, of these."""
    loss = model.loss_of(fixture.batch)
    fixture.check(loss_name, loss, LOSS)
    loss.backward()
    names = ops.checkpoint_names(model)
    gradients = {names[own]: each.grad for own, each in model.named_parameters() if each.grad is not None}
    added = ops.adapter_names(model)
    gradients = {name: each for name, each in gradients.items() if not added or name in added}
    assert set(gradients) == fixture.behind(prefix), (fixture.name, set(gradients) ^ fixture.behind(prefix))
    return max(fixture.check(prefix + name, each, GRADIENT) for name, each in gradients.items())


def check_published(folder):
    fixture = Fixture(folder.name)
    trained, ops = load(folder / "trained")
    trained.load_state_dict(fixture.weights, strict=True)
    values = values_of(trained, fixture.batch)
    stages = {name: re.sub(r"\[(\d+)\]", r".\1", name) for name in fixture.behind("stage.")}
    assert len(stages) >= 4, (fixture.name, stages)
    worst = max(fixture.check(f"stage.{name}", values[own], STAGE) for name, own in stages.items())
    steepest = check_step(fixture, trained, ops, "loss", "grad.")
    adapted, ops = load(folder / "small")
    assert ops.adapter_names(adapted) == set(fixture.lora), (fixture.name, ops.adapter_names(adapted) ^ set(fixture.lora))
    # A checkpoint without adapters loads as it is.
    adapted.load_state_dict(fixture.weights, strict=True)
    assert not adapted.load_state_dict(fixture.lora, strict=False).unexpected_keys
    moved = check_step(fixture, adapted, ops, "lora_loss", "lora_grad.")
    print(f"{fixture.name}: {len(stages)} stages within {worst:.1e}, gradients {steepest:.1e}, of adapters {moved:.1e}")


for folder in sys.argv[1:]:
    check_published(Path(folder))
