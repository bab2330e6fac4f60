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


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr, betas=(0.9, 0.99)):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for parameter in group["params"]:
                if parameter.grad is not None:
                    mean = self.state[parameter].setdefault("exp_avg", torch.zeros_like(parameter))
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.sub_((mean * beta1 + parameter.grad * (1 - beta1)).sign() * group["lr"])
                    mean.mul_(beta2).add_(parameter.grad, alpha=1 - beta2)


MAKERS = {
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.1),
    "adam": lambda groups: torch.optim.Adam(groups, lr=0.1),
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True),
    "plain": lambda groups: torch.optim.SGD(groups, lr=0.1),
    "lion": lambda groups: Lion(groups, lr=0.1),
    "adafactor": lambda groups: torch.optim.Adafactor(groups, lr=0.1),
}
chosen = "adamw"


def precision(model):
    return torch.autocast("cpu", torch.bfloat16, enabled=PRECISION == "bf16")


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
