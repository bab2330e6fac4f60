import { type Builder, type Node, nodesOf, type Program } from "../ir/index.ts";
import type { ParameterRule } from "../select/index.ts";
import { type Schedule, stepsOf } from "../settings/index.ts";

/** For how many steps a parameter stays as it is. */
export function frozenStepsOf(rule: ParameterRule | undefined, schedule: Schedule): number {
  return rule === undefined ? 0 : stepsOf(rule.frozenSteps, rule.frozenEpochs, schedule);
}

/** Whether a step moves a parameter that stays as it is for so many steps. */
export function isThawed(frozenSteps: number, step: Node, build: Builder): Node {
  return build.add({ op: "greater_equal" }, step, build.constant(frozenSteps));
}

/** The number of the step, from 0 on, as f32: the input `step`, which dropout may have made already. */
export function stepNumber(program: Program, build: Builder): Node {
  const known = nodesOf(program).find(({ operation }) => operation.op === "input" && operation.name === "step");
  const step = known ?? build.add({ op: "input", name: "step", type: { dtype: "i32", shape: [] } });
  return build.add({ op: "cast", dtype: "f32" }, step);
}
