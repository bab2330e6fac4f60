import type { TracedSpec } from "../../programs/index.ts";
import type { ParameterRule } from "../../select/index.ts";
import { stepsOf } from "../../settings/index.ts";
import { type PathStep, type Paths, patternsFor } from "./paths.ts";

/** Parameters that the optimizer moves alike. */
interface Group {
  readonly patterns: readonly string[];
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Steps in which they stay as they are. */
  readonly frozenSteps: number;
}

/** The file `optimizer.py`: parameter groups, the optimizer, and how its learning rate changes. */
export function optimizerSource({ rules, settings, trainable }: TracedSpec, paths: Paths, model: string): string {
  const { optimizer, learningRate, schedule, clipNorm } = settings;
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
      frozenSteps: rule === undefined ? 0 : stepsOf(rule.frozenSteps, rule.frozenEpochs, schedule),
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
  const warmup = stepsOf(schedule.warmup, schedule.warmupEpochs, schedule);
  return `"""The optimizer of ${model}: what its \`train\` block says."""

import math

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from . import ops

CLIP_NORM: float | None = ${clipNorm ?? "None"}
WARMUP_STEPS = ${warmup}
STEPS: int | None = ${schedule.steps ?? "None"}

# Parameters by pattern, where \`*\` is the number of any layer. Vectors and single numbers do not
# decay unless a group of the spec says so.
GROUPS = [
${listed.map(printGroup).join("\n")}
]


def learning_rate_factor(step: int, steps: int | None = STEPS) -> float:
    """The part of the learning rate in a step, counted from 0: ${schedule.kind}, after the warm-up."""
    risen = 1.0 if WARMUP_STEPS == 0 else min((step + 1) / WARMUP_STEPS, 1.0)
${factorLines(schedule.kind)}

def make_optimizer(
    model: nn.Module, steps: int | None = STEPS
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
    return optimizer, LambdaLR(optimizer, lambda step: learning_rate_factor(step, steps))


def thaw(model: nn.Module, step: int) -> None:
    """Lets the parameters move whose group has frozen them for no more than so many steps."""
    for group in GROUPS:
        if group["frozen_steps"] > 0:
            for parameter in ops.parameters_under(model, group["patterns"]):
                parameter.requires_grad_(step >= group["frozen_steps"])
`;
}

function printGroup({ patterns, learningRate, weightDecay, frozenSteps }: Group): string {
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
    },`;
}

function factorLines(kind: TracedSpec["settings"]["schedule"]["kind"]): string {
  if (kind === "constant") return "    return risen\n";
  const left = kind === "linear" ? "1 - done" : "0.5 * (1 + math.cos(math.pi * done))";
  return `    if steps is None or steps <= WARMUP_STEPS:
        return risen
    done = min(max((step - WARMUP_STEPS) / (steps - WARMUP_STEPS), 0.0), 1.0)
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
      throw new Error("Lion is refused before a package is written");
  }
}
