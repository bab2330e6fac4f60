import { Builder, type Node, nodesOf, type Program } from "../ir/index.ts";
import {
  buildLearningRate,
  buildUpdate,
  nameOf,
  type OptimizerSlot,
  slotShape,
  type Update,
} from "../programs/index.ts";
import type { ParameterRule } from "../select/index.ts";
import type { TrainSettings } from "../settings/index.ts";
import { frozenStepsOf, isThawed, stepNumber } from "./frozen-steps.ts";
import { gradientOutputs, originOf } from "./gradients.ts";

/**
 * Adds what the optimizer makes of each gradient, and the average of each parameter where there is one, by the rules of groups
 * where a parameter has one. The number of the step, from 0 on, is the input `step`.
 */
export function applyOptimizer(
  program: Program,
  settings: TrainSettings,
  rules: ReadonlyMap<string, ParameterRule>,
): Program {
  const build = new Builder(program.graph, originOf(program));
  const passed = stepNumber(program, build);
  const learningRate = buildLearningRate(settings.learningRate, settings.schedule, passed, build);
  const count = build.add({ op: "add" }, passed, build.constant(1));
  const updates = new Map(program.updates);
  const parameters = parametersOf(program);
  for (const [path, gradient] of gradientOutputs(program)) {
    const { type } = gradient;
    const rule = rules.get(path);
    const frozen = frozenStepsOf(rule, settings.schedule);
    const parameter = parameters.get(path) ?? build.add({ op: "parameter", path, type });
    const kept = (slot: OptimizerSlot): string => nameOf({ kind: "slot", slot, parameter: path });
    const state = (slot: OptimizerSlot): Node =>
      build.add({ op: "parameter", path: kept(slot), type: { ...type, shape: slotShape(slot, type.shape) } });
    const context = {
      ...{ parameter, gradient, state },
      learningRate: rateOf(rule, settings.learningRate, learningRate, build),
      weightDecay: rule?.weightDecay ?? null,
      // Adam's corrections count from the first step that moves the parameter.
      count: frozen === 0 ? count : build.add({ op: "add" }, passed, build.constant(1 - frozen)),
    };
    const update = buildUpdate(settings.optimizer, context, build);
    const moved = frozen === 0 ? update : onlyThawed(update, isThawed(frozen, passed, build), context, build);
    updates.set(path, moved.parameter);
    for (const [slot, value] of moved.state) updates.set(kept(slot), value);
    if (settings.ema === null) continue;
    const average = nameOf({ kind: "slot", slot: "average", parameter: path });
    updates.set(average, averageOf(moved.parameter, { average, parameter, passed, keeps: settings.ema }, build));
  }
  return { ...program, outputs: new Map(program.outputs).set("learning_rate", learningRate), updates };
}

/** The average of a parameter with its new value; before the first step it is the first value. */
function averageOf(
  moved: Node,
  before: { readonly average: string; readonly parameter: Node; readonly passed: Node; readonly keeps: number },
  build: Builder,
): Node {
  const stored = build.add({ op: "parameter", path: before.average, type: moved.type });
  const isLater = build.add({ op: "greater_equal" }, before.passed, build.constant(1));
  const kept = build.add({ op: "where" }, isLater, stored, before.parameter);
  return build.add({ op: "add" }, kept, build.mul(build.add({ op: "sub" }, moved, kept), 1 - before.keeps));
}

/** The rate of a group follows the same schedule as that of all. */
function rateOf(rule: ParameterRule | undefined, base: number, scheduled: Node, build: Builder): Node {
  const own = rule?.learningRate ?? base;
  return own === base ? scheduled : build.mul(scheduled, own / base);
}

/** An update that changes nothing as long as its parameter is frozen. */
function onlyThawed(
  { parameter, state }: Update,
  thawed: Node,
  before: { readonly parameter: Node; readonly state: (slot: OptimizerSlot) => Node },
  build: Builder,
): Update {
  const chosen = (moved: Node, kept: Node): Node => build.add({ op: "where" }, thawed, moved, kept);
  return {
    parameter: chosen(parameter, before.parameter),
    state: new Map([...state].map(([slot, value]) => [slot, chosen(value, before.state(slot))])),
  };
}

function parametersOf(program: Program): ReadonlyMap<string, Node> {
  return new Map(
    nodesOf(program).flatMap((node): readonly (readonly [string, Node])[] =>
      node.operation.op === "parameter" ? [[node.operation.path, node]] : [],
    ),
  );
}
