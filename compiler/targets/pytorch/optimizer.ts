import type { TracedSpec } from "../../programs/index.ts";
import type { ParameterRule } from "../../select/index.ts";
import { type PathStep, type Paths, patternsFor } from "./paths.ts";

/** Parameters that the optimizer moves alike. */
interface Group {
  readonly patterns: readonly string[];
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Steps, and epochs besides, in which they stay as they are. */
  readonly frozenSteps: number;
  readonly frozenEpochs: number;
}

/** The file `optimizer.py`: parameter groups, the optimizer, and how its learning rate changes. */
export function optimizerSource({ rules, settings, trainable }: TracedSpec, paths: Paths, model: string): string {
  const { optimizer, learningRate, schedule, clipNorm, ema, precision } = settings;
  const all = [...paths.parameters].filter(([{ storage }]) => storage === "param");
  const groups = new Map<
    string,
    { readonly group: Omit<Group, "patterns">; readonly paths: (readonly PathStep[])[] }
  >();
  for (const [{ path, type }, steps] of all) {
    if (!trainable.has(path)) continue;
    const rule: ParameterRule | undefined = rules.get(path);
    const group = {
      learningRate: rule?.learningRate ?? learningRate,
      weightDecay: rule?.weightDecay ?? (type.shape.length > 1 ? optimizer.weightDecay : 0),
      frozenSteps: rule?.frozenSteps ?? 0,
      frozenEpochs: rule?.frozenEpochs ?? 0,
    };
    const key = JSON.stringify(group);
    const known = groups.get(key) ?? { group, paths: [] };
    known.paths.push(steps);
    groups.set(key, known);
  }
  const everything = all.map(([, steps]) => steps);
  const listed = [...groups.values()].map(
    ({ group, paths: own }): Group => ({
      ...group,
      patterns: patternsFor(own, everything),
    }),
  );
  const made = constructorOf(optimizer, learningRate);
  return `"""The optimizer of ${model}: what its \`train\` block says."""

${schedule.kind === "cosine" ? "import math\n" : ""}from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from . import ops

PRECISION = ${JSON.stringify(precision)}
CLIP_NORM: float | None = ${clipNorm ?? "None"}
# How much a step keeps of the average of the trained parameters.
EMA: float | None = ${ema ?? "None"}
WARMUP_STEPS, WARMUP_EPOCHS = ${schedule.warmup}, ${schedule.warmupEpochs}
STEPS: int | None = ${schedule.steps ?? "None"}

# Parameters by pattern, where \`*\` is the number of any layer. Vectors and single numbers do not
# decay unless a group of the spec says so.
GROUPS: list[dict[str, Any]] = [
${listed.map(printGroup).join("\n")}
]


def _steps(steps: int, epochs: float, steps_per_epoch: int | None) -> float:
    if epochs == 0:
        return steps
    if steps_per_epoch is None:
        raise ValueError("the spec counts in epochs: pass steps_per_epoch")
    return steps + epochs * steps_per_epoch


${optimizer.kind === "lion" ? lionSource : ""}def learning_rate_factor(
    step: int, steps: int | None = STEPS, steps_per_epoch: int | None = None
) -> float:
    """The part of the learning rate in a step, counted from 0: ${schedule.kind}, after the warm-up."""
    warmup = _steps(WARMUP_STEPS, WARMUP_EPOCHS, steps_per_epoch)
    risen = 1.0 if warmup == 0 else min((step + 1) / warmup, 1.0)
${factorLines(schedule.kind)}

def precision(model: nn.Module) -> torch.autocast:
    """The context to compute in: products of matrices in PRECISION, everything else in f32."""
    device = next(model.parameters()).device.type
    return torch.autocast(device, torch.bfloat16, enabled=PRECISION == "bf16")


def make_optimizer(
    model: nn.Module, steps: int | None = STEPS, steps_per_epoch: int | None = None
) -> tuple[torch.optim.Optimizer, LambdaLR]:
    """
    The optimizer and the schedule of its learning rate for a training of so many steps. Call
    \`schedule.step()\` after each \`optimizer.step()\`, and \`thaw(model, step)\` before each step.
    """
    groups = [
        {
            "params": ops.parameters_under(model, group["patterns"]),
            "lr": group["lr"],
            "weight_decay": group["weight_decay"],
        }
        for group in GROUPS
    ]
    optimizer = ${made}
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
`;
}

function printGroup({ patterns, learningRate, weightDecay, frozenSteps, frozenEpochs }: Group): string {
  const quoted = patterns.map((each) => JSON.stringify(each));
  const line = `        "patterns": [${quoted.join(", ")}],`;
  const listed =
    line.length <= 100
      ? line
      : ['        "patterns": [', ...quoted.map((each) => `            ${each},`), "        ],"].join("\n");
  return `    {
${listed}
        "lr": ${learningRate},
        "weight_decay": ${weightDecay},
        "frozen_steps": ${frozenSteps},
        "frozen_epochs": ${frozenEpochs},
    },`;
}

function factorLines(kind: TracedSpec["settings"]["schedule"]["kind"]): string {
  if (kind === "constant") return "    return risen\n";
  const left = kind === "linear" ? "1 - done" : "0.5 * (1 + math.cos(math.pi * done))";
  return `    if steps is None or steps <= warmup:
        return risen
    done = min(max((step - warmup) / (steps - warmup), 0.0), 1.0)
    return risen * ${left.includes("cos") ? left : `(${left})`}
`;
}

function constructorOf(optimizer: TracedSpec["settings"]["optimizer"], learningRate: number): string {
  const lr = `groups, lr=${learningRate}`;
  switch (optimizer.kind) {
    case "adam": {
      const name = optimizer.decoupled ? "AdamW" : "Adam";
      return `torch.optim.${name}(${lr}, betas=(${optimizer.betas.join(", ")}), eps=${optimizer.epsilon})`;
    }
    case "sgd": {
      const nesterov = optimizer.nesterov ? ", nesterov=True" : "";
      return `torch.optim.SGD(${lr}, momentum=${optimizer.momentum}${nesterov})`;
    }
    case "adafactor": {
      const { beta2Decay, epsilons, clip } = optimizer;
      const eps = epsilons.join(", ");
      return `torch.optim.Adafactor(
        ${lr}, beta2_decay=${beta2Decay}, eps=(${eps}), d=${clip}
    )`;
    }
    case "lion":
      return `Lion(${lr}, betas=(${optimizer.betas.join(", ")}))`;
  }
}

/** PyTorch has no Lion. */
const lionSource = `class Lion(torch.optim.Optimizer):
    """Lion (Chen et al., 2023): the sign of a mean, which is then kept with another rate."""

    def __init__(self, params: Any, lr: float, betas: tuple[float, float]) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:  # type: ignore[override]
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["exp_avg"] = torch.zeros_like(parameter)
                mean, gradient = state["exp_avg"], parameter.grad
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                move = (mean * beta1 + gradient * (1 - beta1)).sign()
                parameter.sub_(move * group["lr"])
                mean.mul_(beta2).add_(gradient, alpha=1 - beta2)
        return loss


`;
