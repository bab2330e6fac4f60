import { Builder } from "../ir/builder.ts";
import type { Graph } from "../ir/graph.ts";
import type { Node } from "../ir/types.ts";
import type { TrainSettings } from "../settings/train.ts";
import { buildInit, type InitialParameter } from "./init.ts";
import type { Program } from "./program.ts";

/** A traced model, from which its programs are made. */
export interface TracedSpec {
  readonly graph: Graph;
  readonly losses: readonly Node[];
  /** The model's lets. */
  readonly outputs: ReadonlyMap<string, Node>;
  /** Every named value in the modules, by its path: `vision.spatial`. */
  readonly named: ReadonlyMap<string, Node>;
  /** Every parameter and buffer, with its first value. */
  readonly parameters: readonly InitialParameter[];
  /** Which lets the `eval` block calls the latents of an image and of a text. */
  readonly latents: { readonly image: string | null; readonly text: string | null };
  /** The paths of trainable parameters. */
  readonly trainable: ReadonlySet<string>;
  readonly settings: TrainSettings;
}

/** The programs that a model has. */
export type ProgramName = "forward" | "encode_image" | "encode_text" | "step" | "init";

/** A program by its name, or null when the model does not have it. */
export function buildProgram(spec: TracedSpec, name: ProgramName, fetch: readonly string[] = []): Program | null {
  switch (name) {
    case "forward":
      return buildForward(spec, fetch);
    case "encode_image":
      return buildEncode(spec, name, spec.latents.image);
    case "encode_text":
      return buildEncode(spec, name, spec.latents.text);
    case "step":
      return buildStep(spec);
    case "init":
      return buildInit(spec.parameters, spec.settings.seed);
  }
}

/** The latent alone, so that only one kind of input is needed. */
function buildEncode(spec: TracedSpec, name: string, latent: string | null): Program | null {
  const node = latent === null ? undefined : spec.outputs.get(latent);
  if (node === undefined) return null;
  return {
    name,
    graph: spec.graph,
    outputs: new Map([["latent", node]]),
    updates: new Map(),
    once: new Map(),
  };
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
  return { name: "forward", graph: spec.graph, outputs, updates: new Map(), once: new Map() };
}

/** The loss alone, of which passes make a training step; null when the model has no loss. */
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
  return program;
}

/** The sum of the model's losses. */
function totalLoss({ losses, graph }: TracedSpec): Node | null {
  const [first, ...rest] = losses;
  if (first === undefined) return null;
  const build = new Builder(graph, first.origin);
  return rest.reduce((sum, loss) => build.add({ op: "add" }, sum, loss), first);
}
