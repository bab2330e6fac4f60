"""What a training keeps, by medctc's names for it: parameters, and for each `SLOT:PARAMETER`."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from .optimizer import GROUPS
from .step import TrainingStep

# What medctc calls the things that PyTorch's optimizers keep for a parameter.
_NAMES = {
    "exp_avg": "mean",
    "exp_avg_sq": "square",
    "momentum_buffer": "velocity",
    "row_var": "row",
    "col_var": "column",
    "variance": "square",
}


def read_state(training: TrainingStep) -> dict[str, Tensor]:
    """All of it, as it is: tensors that the next step changes."""
    values: dict[str, Tensor] = {}
    for name, parameter in training.trained.items():
        values[name] = parameter.detach()
        kept = training.optimizer.state.get(parameter, {})
        for key in _kept_by(training.optimizer, parameter):
            values[f"{_NAMES[key]}:{name}"] = kept.get(key, _zeros(key, parameter))
    values.update((f"average:{name}", each) for name, each in training.averages.items())
    return values


@torch.no_grad()
def store_state(training: TrainingStep, step: int, tensors: Mapping[str, Tensor]) -> None:
    """Some of it as it was when so many steps were done."""
    optimizer = training.optimizer
    trained = set(training.trained.values())
    for group, own in zip(optimizer.param_groups, GROUPS, strict=True):
        frozen = own["frozen_steps"] + own["frozen_epochs"] * (training.steps_per_epoch or 0)
        for parameter in trained.intersection(group["params"]):
            kept = optimizer.state[parameter]
            # Corrections for the first steps count from the first one that moves a parameter.
            kept["step"] = torch.tensor(float(max(0, step - math.ceil(frozen))))
            for key in _kept_by(optimizer, parameter):
                kept.setdefault(key, _zeros(key, parameter))
    values = read_state(training)
    for name, tensor in tensors.items():
        if name not in values:
            raise ValueError(f"{name} is not a value that this training changes")
        if tensor.shape != values[name].shape:
            found, expected = list(tensor.shape), list(values[name].shape)
            raise ValueError(f"{name} has the shape {found}, not {expected}")
        values[name].copy_(tensor)


def _kept_by(optimizer: torch.optim.Optimizer, parameter: Tensor) -> list[str]:
    if isinstance(optimizer, torch.optim.Adam):
        return ["exp_avg", "exp_avg_sq"]
    if isinstance(optimizer, torch.optim.SGD):
        return ["momentum_buffer"] if optimizer.defaults["momentum"] != 0 else []
    if isinstance(optimizer, torch.optim.Adafactor):
        return ["row_var", "col_var"] if parameter.ndim > 1 else ["variance"]
    if type(optimizer).__name__ == "Lion":
        return ["exp_avg"]
    raise TypeError(f"unknown optimizer {type(optimizer).__name__}")


def _zeros(key: str, parameter: Tensor) -> Tensor:
    """What an optimizer keeps before its first step; means along an axis are 1 in it."""
    shape = list(parameter.shape)
    if key == "row_var":
        shape[-1] = 1
    if key == "col_var":
        shape[-2] = 1
    return torch.zeros(shape, device=parameter.device)
