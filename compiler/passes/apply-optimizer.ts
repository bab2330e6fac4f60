import { Builder, type Node, nodesOf, type Program } from "../ir/index.ts";
import { buildLearningRate, buildUpdate, nameOf, type OptimizerSlot } from "../programs/index.ts";
import type { TrainSettings } from "../settings/index.ts";
import { gradientOutputs, originOf } from "./gradients.ts";

/** Adds what the optimizer makes of each gradient. The number of the step, from 0 on, is the input `step`. */
export function applyOptimizer(program: Program, settings: TrainSettings): Program {
  const build = new Builder(program.graph, originOf(program));
  const passed = build.add({ op: "cast", dtype: "f32" }, stepInput(program, build));
  const learningRate = buildLearningRate(settings.learningRate, settings.schedule, passed, build);
  const count = build.add({ op: "add" }, passed, build.constant(1));
  const updates = new Map(program.updates);
  const parameters = parametersOf(program);
  for (const [path, gradient] of gradientOutputs(program)) {
    const { type } = gradient;
    const parameter = parameters.get(path) ?? build.add({ op: "parameter", path, type });
    const kept = (slot: OptimizerSlot): string => nameOf({ kind: "slot", slot, parameter: path });
    const state = (slot: OptimizerSlot): Node => build.add({ op: "parameter", path: kept(slot), type });
    const update = buildUpdate(settings.optimizer, { parameter, gradient, learningRate, count, state }, build);
    updates.set(path, update.parameter);
    for (const [slot, value] of update.state) updates.set(kept(slot), value);
  }
  return { ...program, outputs: new Map(program.outputs).set("learning_rate", learningRate), updates };
}

function parametersOf(program: Program): ReadonlyMap<string, Node> {
  return new Map(
    nodesOf(program).flatMap((node): readonly (readonly [string, Node])[] =>
      node.operation.op === "parameter" ? [[node.operation.path, node]] : [],
    ),
  );
}

/** The input `step`, which dropout may have made already. */
function stepInput(program: Program, build: Builder): Node {
  const known = nodesOf(program).find(({ operation }) => operation.op === "input" && operation.name === "step");
  return known ?? build.add({ op: "input", name: "step", type: { dtype: "i32", shape: [] } });
}
