import { Builder, type Node, nodesOf, type Origin, type Program } from "../ir/index.ts";
import { buildLearningRate, buildUpdate, nameOf, type OptimizerSlot, valueNamed } from "../programs/index.ts";
import type { TrainSettings } from "../settings/index.ts";
import { differentiate } from "./differentiate.ts";

/** Adds the gradient of the output `loss` for each trainable parameter, and each embedding, on which it depends. */
export function addGradients(program: Program, trainable: ReadonlySet<string>): Program {
  const wanted = new Map<string, Node>();
  for (const node of nodesOf(program)) {
    const { operation } = node;
    if (operation.op === "parameter" && trainable.has(operation.path)) {
      wanted.set(nameOf({ kind: "gradient", parameter: operation.path }), node);
    }
    const fed = operation.op === "input" ? valueNamed(operation.name) : null;
    if (fed?.kind === "embedding") wanted.set(nameOf({ ...fed, kind: "embedding-gradient" }), node);
  }
  const gradients = differentiate(program.graph, lossOf(program), new Set(wanted.values()));
  const outputs = new Map(program.outputs);
  for (const [name, node] of wanted) {
    const gradient = gradients.get(node);
    if (gradient !== undefined) outputs.set(name, gradient);
  }
  return { ...program, outputs };
}

/** Adds the gradients of parameters to what the micro-batches before have added up. */
export function addToSums(program: Program): Program {
  const build = new Builder(program.graph, lossOf(program).origin);
  const outputs = new Map(program.outputs);
  const updates = new Map(program.updates);
  for (const [path, gradient] of gradientsOf(program)) {
    const sum = nameOf({ kind: "gradient-sum", parameter: path });
    const before = build.add({ op: "parameter", path: sum, type: gradient.type });
    updates.set(sum, build.add({ op: "add" }, before, gradient));
    outputs.delete(nameOf({ kind: "gradient", parameter: path }));
  }
  return { ...program, outputs, updates };
}

/**
 * Adds the norm of all gradients together as the output `gradient_norm`, and brings the gradients down to a norm of at
 * most `limit`, as torch.nn.utils.clip_grad_norm_ does.
 */
export function clipGradients(program: Program, limit: number | null): Program {
  const gradients = gradientsOf(program);
  const build = new Builder(program.graph, originOf(program));
  let total = build.constant(0);
  for (const gradient of gradients.values()) {
    const axes = gradient.type.shape.map((_, axis) => axis);
    total = build.add({ op: "add" }, total, build.sum(build.mul(gradient, gradient), axes, false));
  }
  const norm = build.add({ op: "sqrt" }, total);
  const outputs = new Map(program.outputs).set("gradient_norm", norm);
  if (limit === null) return { ...program, outputs };
  const ratio = build.add({ op: "div" }, build.constant(limit), build.add({ op: "add" }, norm, build.constant(1e-6)));
  const scale = build.add({ op: "minimum" }, ratio, build.constant(1));
  for (const [parameter, gradient] of gradients) {
    outputs.set(nameOf({ kind: "gradient", parameter }), build.mul(gradient, scale));
  }
  return { ...program, outputs };
}

/** Adds what the optimizer makes of each gradient. The number of the step, from 0 on, is the input `step`. */
export function addUpdates(program: Program, settings: TrainSettings): Program {
  const build = new Builder(program.graph, originOf(program));
  const passed = build.add({ op: "cast", dtype: "f32" }, stepInput(program, build));
  const learningRate = buildLearningRate(settings.learningRate, settings.schedule, passed, build);
  const count = build.add({ op: "add" }, passed, build.constant(1));
  const updates = new Map(program.updates);
  const parameters = parametersOf(program);
  for (const [path, gradient] of gradientsOf(program)) {
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

/** Where what belongs to no module comes from: the place of the loss, or of any output. */
function originOf({ outputs }: Program): Origin {
  const [first] = [outputs.get("loss"), ...outputs.values()].flatMap((node) => node ?? []);
  if (first === undefined) throw new Error("a program that is trained has a loss or gradients");
  return { ...first.origin, path: "" };
}

function lossOf({ outputs }: Program): Node {
  const loss = outputs.get("loss");
  if (loss === undefined) throw new Error("a program that is trained has a loss");
  return loss;
}

function parametersOf(program: Program): ReadonlyMap<string, Node> {
  return new Map(
    nodesOf(program).flatMap((node): readonly (readonly [string, Node])[] =>
      node.operation.op === "parameter" ? [[node.operation.path, node]] : [],
    ),
  );
}

/** The gradients that a program gives, by the paths of their parameters. */
function gradientsOf({ outputs }: Program): ReadonlyMap<string, Node> {
  return new Map(
    [...outputs].flatMap(([name, node]): readonly (readonly [string, Node])[] => {
      const value = valueNamed(name);
      return value.kind === "gradient" ? [[value.parameter, node]] : [];
    }),
  );
}

/** The input `step`, which dropout may have made already. */
function stepInput(program: Program, build: Builder): Node {
  const known = nodesOf(program).find(({ operation }) => operation.op === "input" && operation.name === "step");
  return known ?? build.add({ op: "input", name: "step", type: { dtype: "i32", shape: [] } });
}
