"""The optimizer of report_labels: what its `train` block says."""

import math
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from . import ops

PRECISION = "f32"
CLIP_NORM: float | None = 1
# How much a step keeps of the average of the trained parameters.
EMA: float | None = 0.99
WARMUP_STEPS, WARMUP_EPOCHS = 10, 0
STEPS: int | None = 100

# Parameters by pattern, where `*` is the number of any layer. Vectors and single numbers do not
# decay unless a group of the spec says so.
GROUPS: list[dict[str, Any]] = [
    {
        "patterns": [
            "text.layers.*.up.down",
            "text.layers.*.up.up",
            "text.layers.*.down.down",
            "text.layers.*.down.up",
        ],
        "lr": 0.0001,
        "weight_decay": 0.01,
        "frozen_steps": 0,
        "frozen_epochs": 0,
    },
    {
        "patterns": ["heads.logits.weight"],
        "lr": 0.001,
        "weight_decay": 0.01,
        "frozen_steps": 0,
        "frozen_epochs": 0,
    },
    {
        "patterns": ["heads.logits.bias"],
        "lr": 0.001,
        "weight_decay": 0,
        "frozen_steps": 0,
        "frozen_epochs": 0,
    },
]


def _steps(steps: int, epochs: float, steps_per_epoch: int | None) -> float:
    if epochs == 0:
        return steps
    if steps_per_epoch is None:
        raise ValueError("the spec counts in epochs: pass steps_per_epoch")
    return steps + epochs * steps_per_epoch


def learning_rate_factor(
    step: int, steps: int | None = STEPS, steps_per_epoch: int | None = None
) -> float:
    """The part of the learning rate in a step, counted from 0: cosine, after the warm-up."""
    warmup = _steps(WARMUP_STEPS, WARMUP_EPOCHS, steps_per_epoch)
    risen = 1.0 if warmup == 0 else min((step + 1) / warmup, 1.0)
    if steps is None or steps <= warmup:
        return risen
    done = min(max((step - warmup) / (steps - warmup), 0.0), 1.0)
    return risen * 0.5 * (1 + math.cos(math.pi * done))


def precision(model: nn.Module) -> torch.autocast:
    """The context to compute in: products of matrices in PRECISION, everything else in f32."""
    device = next(model.parameters()).device.type
    return torch.autocast(device, torch.bfloat16, enabled=PRECISION == "bf16")


def make_optimizer(
    model: nn.Module, steps: int | None = STEPS, steps_per_epoch: int | None = None
) -> tuple[torch.optim.Optimizer, LambdaLR]:
    """
    The optimizer and the schedule of its learning rate for a training of so many steps. Call
    `schedule.step()` after each `optimizer.step()`, and `thaw(model, step)` before each step.
    """
    groups = [
        {
            "params": ops.parameters_under(model, group["patterns"]),
            "lr": group["lr"],
            "weight_decay": group["weight_decay"],
        }
        for group in GROUPS
    ]
    optimizer = torch.optim.AdamW(groups, lr=0.0001, betas=(0.9, 0.999), eps=1e-8)
    return optimizer, LambdaLR(
        optimizer, lambda step: learning_rate_factor(step, steps, steps_per_epoch)
    )


def thaw(model: nn.Module, step: int, steps_per_epoch: int | None = None) -> None:
    """Lets the parameters move whose group has frozen them for no more than so many steps."""
    for group in GROUPS:
        frozen = _steps(group["frozen_steps"], group["frozen_epochs"], steps_per_epoch)
        if frozen > 0:
            for parameter in ops.parameters_under(model, group["patterns"]):
                parameter.requires_grad_(step >= frozen)
