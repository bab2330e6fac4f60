"""One training step of a model, by each of those that are compared: CT-CLIP with PEFT, an expert's PyTorch, and a package
that `medctc compile --target pytorch` wrote.
"""

import importlib
import itertools
import re
import sys
from pathlib import Path

import sizes
import torch


def model_in(folder):
    """The name of the model of the package in a folder."""
    return next(path.parent.name for path in Path(folder).glob("*/metadata.py"))


def package_in(folder):
    """The package in a folder, with the release that is here, though packages may not support it: that is said."""
    name = model_in(folder)
    text = (Path(folder) / name / "ops.py").read_text()
    supported = [".".join(each) for each in re.findall(r"\((\d+), (\d+)\)", re.search(r"^_SUPPORTED = .*$", text, re.M)[0])]
    here = torch.__version__
    if not any(str(here).startswith(f"{each}.") for each in supported):
        print(f"packages do not support PyTorch {here}: the check is left out", file=sys.stderr)
        torch.__version__ = supported[-1]
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    finally:
        torch.__version__ = here


def package_model(folder, device):
    package = package_in(folder)
    with torch.device(device):
        return getattr(package, package.__all__[0])()


def with_weights(model, base):
    """Gives the model of a package the weights of CT-CLIP with PEFT."""
    given = {
        name.replace(".base_layer.", ".").replace(".default.", "."): each for name, each in base.state_dict().items()
    }
    missing, _ = model.load_state_dict(given, strict=False)
    assert not missing, missing
    return model


def reference_step(name, size, given, precision):
    """A function that makes one step of CT-CLIP with PEFT, or of an expert's, and gives its loss."""
    import ctclip

    device = given["image"].device
    base = ctclip.build(size, device, tuned=name == "expert")
    trained = [parameter for parameter in base.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)

    def step():
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            loss = ctclip.loss_of(base, given)
        optimizer.zero_grad()
        loss.float().backward()
        optimizer.step()
        return loss.item()

    return step


def package_step(folder, given, precision, compiled=False):
    """The same for the package in a folder, on given inputs."""
    device = given["image"].device
    model = package_model(folder, device)
    name = model_in(folder)
    # The spec's precision stands in the package; here it is what is measured.
    importlib.import_module(f"{name}.optimizer").PRECISION = precision
    if compiled:
        package_in(folder).compile_layers(model)
    train = importlib.import_module(f"{name}.step").TrainingStep(model)
    batch = len(given["image"])
    numbers = itertools.count()
    return lambda: train(next(numbers), lambda first, count: given, batch).loss


def losses(size, folder, device):
    """The loss of CT-CLIP with PEFT and of the package, in f32, on the same weights and inputs."""
    import ctclip

    torch.manual_seed(0)
    base = ctclip.build(size, device)
    for name, each in base.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(each, std=0.05)
    given = sizes.inputs(size, 2, device)
    with torch.no_grad():
        theirs = ctclip.loss_of(base, given).item()
        model = with_weights(package_model(folder, device), base).eval()
        return theirs, model.loss_of(given).item()
