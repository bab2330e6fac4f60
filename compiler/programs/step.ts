import { Builder } from "../ir/builder.ts";
import type { Graph } from "../ir/graph.ts";
import type { Node } from "../ir/types.ts";
import { differentiate } from "../passes/differentiate.ts";
import type { TrainSettings } from "../settings/train.ts";
import { buildUpdate } from "./optimizer.ts";
import { nodesOf, type Program } from "./program.ts";
import { buildLearningRate } from "./schedule.ts";

/**
 * Makes a training step of a program that has the output `loss`: gradients of the trainable parameters, clipped by their
 * norm all together, and what the optimizer makes of them. The number of the step, from 0 on, is the input `step`.
 */
export function addTraining(program: Program, trainable: ReadonlySet<string>, settings: TrainSettings): Program {
  const { graph } = program;
  const loss = program.outputs.get("loss");
  if (loss === undefined) throw new Error("a program that is trained has a loss");
  const build = new Builder(graph, loss.origin);
  const nodes = nodesOf(program);
  const parameters = new Map(
    nodes.flatMap((node): readonly (readonly [string, Node])[] =>
      node.operation.op === "parameter" && trainable.has(node.operation.path) ? [[node.operation.path, node]] : [],
    ),
  );
  const gradients = differentiate(graph, loss, new Set(parameters.values()));
  const step = stepInput(nodes, graph, build);
  const passed = build.add({ op: "cast", dtype: "f32" }, step);
  const learningRate = buildLearningRate(settings.learningRate, settings.schedule, passed, build);
  const norm = globalNorm([...gradients.values()], build);
  const scale = settings.clipNorm === null ? null : clipScale(norm, settings.clipNorm, build);
  const count = build.add({ op: "add" }, passed, build.constant(1));
  const updates = new Map<string, Node>();
  const outputs = new Map(program.outputs);
  for (const [path, parameter] of parameters) {
    const gradient = gradients.get(parameter);
    if (gradient === undefined) continue;
    outputs.set(`gradient:${path}`, gradient);
    const state = (name: string): Node => build.add({ op: "parameter", path: `${name}:${path}`, type: parameter.type });
    const clipped = scale === null ? gradient : build.mul(gradient, scale);
    const update = buildUpdate(settings.optimizer, { parameter, gradient: clipped, learningRate, count, state }, build);
    updates.set(path, update.parameter);
    for (const [name, value] of update.state) updates.set(`${name}:${path}`, value);
  }
  outputs.set("learning_rate", learningRate);
  outputs.set("gradient_norm", norm);
  return { name: "step", graph, outputs, updates, once: program.once };
}

/** The input `step`, which dropout may have made already. */
function stepInput(nodes: readonly Node[], graph: Graph, build: Builder): Node {
  const known = nodes.find(({ operation }) => operation.op === "input" && operation.name === "step");
  if (known !== undefined && graph.nodes[known.id] === known) return known;
  return build.add({ op: "input", name: "step", type: { dtype: "i32", shape: [] } });
}

/** The length of all gradients as one vector. */
function globalNorm(gradients: readonly Node[], build: Builder): Node {
  let total = build.constant(0);
  for (const gradient of gradients) {
    const axes = gradient.type.shape.map((_, axis) => axis);
    total = build.add({ op: "add" }, total, build.sum(build.mul(gradient, gradient), axes, false));
  }
  return build.add({ op: "sqrt" }, total);
}

/** What brings a norm down to at most `limit`, as torch.nn.utils.clip_grad_norm_ computes it. */
function clipScale(norm: Node, limit: number, build: Builder): Node {
  const ratio = build.add({ op: "div" }, build.constant(limit), build.add({ op: "add" }, norm, build.constant(1e-6)));
  return build.add({ op: "minimum" }, ratio, build.constant(1));
}
