import { Builder } from "../ir/builder.ts";
import type { Graph } from "../ir/graph.ts";
import type { Node } from "../ir/types.ts";
import { removeDropout, sampleDropout } from "../passes/dropout.ts";
import type { TrainSettings } from "../settings/train.ts";
import type { Program } from "./program.ts";
import { addTraining } from "./step.ts";

/** A traced model, from which its programs are made. */
export interface TracedSpec {
  readonly graph: Graph;
  readonly losses: readonly Node[];
  /** The model's lets. */
  readonly outputs: ReadonlyMap<string, Node>;
  /** Every named value in the modules, by its path: `vision.spatial`. */
  readonly named: ReadonlyMap<string, Node>;
  /** The paths of trainable parameters. */
  readonly trainable: ReadonlySet<string>;
  readonly settings: TrainSettings;
}

/** The model's values and its loss, as in evaluation; `fetch` names further values. */
export function buildForward(spec: TracedSpec, fetch: readonly string[]): Program {
  const outputs = new Map(spec.outputs);
  const loss = totalLoss(spec);
  if (loss !== null) outputs.set("loss", loss);
  for (const name of fetch) {
    const node = spec.named.get(name);
    if (node !== undefined) outputs.set(name, node);
  }
  return removeDropout({ name: "forward", graph: spec.graph, outputs, updates: new Map(), once: new Map() });
}

/** One training step, or null when the model has no loss. */
export function buildStep(spec: TracedSpec): Program | null {
  const loss = totalLoss(spec);
  if (loss === null) return null;
  const program = {
    name: "step",
    graph: spec.graph,
    outputs: new Map([["loss", loss]]),
    updates: new Map(),
    once: new Map(),
  };
  return addTraining(sampleDropout(program, spec.settings.seed), spec.trainable, spec.settings);
}

/** The sum of the model's losses. */
function totalLoss({ losses, graph }: TracedSpec): Node | null {
  const [first, ...rest] = losses;
  if (first === undefined) return null;
  const build = new Builder(graph, first.origin);
  return rest.reduce((sum, loss) => build.add({ op: "add" }, sum, loss), first);
}
