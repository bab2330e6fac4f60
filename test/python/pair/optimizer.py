"""The optimizer of the pair; a check chooses among them."""

from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

PRECISION = "f32"
CLIP_NORM: float | None = 0.5
EMA: float | None = 0.9
STEPS: int | None = 10
GROUPS: list[dict[str, Any]] = [
    {"patterns": ["image"], "lr": 0.1, "weight_decay": 0.01, "frozen_steps": 0, "frozen_epochs": 0},
    {"patterns": ["text", "mix"], "lr": 0.05, "weight_decay": 0, "frozen_steps": 0, "frozen_epochs": 1},
    {"patterns": ["temperature", "unused"], "lr": 0.1, "weight_decay": 0.5, "frozen_steps": 0, "frozen_epochs": 0},
]
MAKERS = {
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.1),
    "adam": lambda groups: torch.optim.Adam(groups, lr=0.1),
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True),
    "plain": lambda groups: torch.optim.SGD(groups, lr=0.1),
    "adafactor": lambda groups: torch.optim.Adafactor(groups, lr=0.1),
}
chosen = "adamw"


def learning_rate_factor(step, steps=STEPS, steps_per_epoch=None):
    return min((step + 1) / 2, 1.0) * (1 - step / steps)


def make_optimizer(model, steps=STEPS, steps_per_epoch=None):
    optimizer = MAKERS[chosen]([{**_rates(group), "params": list(_parameters(model, group))} for group in GROUPS])
    return optimizer, LambdaLR(optimizer, lambda step: learning_rate_factor(step, steps))


def thaw(model, step, steps_per_epoch=None):
    for group in GROUPS:
        frozen = group["frozen_epochs"] * (steps_per_epoch or 0)
        for parameter in _parameters(model, group) if frozen > 0 else []:
            parameter.requires_grad_(step >= frozen)


def _rates(group):
    return {"lr": group["lr"], "weight_decay": group["weight_decay"]}


def _parameters(model: nn.Module, group):
    for name, parameter in model.named_parameters():
        if name.split(".")[0] in group["patterns"]:
            yield parameter
