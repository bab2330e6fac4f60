import type { Diagnostic } from "../../grammar/index.ts";
import type { Watch } from "../elaborate/index.ts";
import { Builder, type Graph, type Node, type Program, type TensorType } from "../ir/index.ts";
import type { ProgramName } from "../names.ts";
import type { ParameterRule } from "../select/index.ts";
import type { DataSettings, EvalSettings, InputSource, TrainSettings } from "../settings/index.ts";
import { imageOutputs, textOutputs } from "./encoders.ts";
import { buildInit, type InitialParameter } from "./init.ts";
import { buildMicroBatchProgram, type MicroBatchProgram, microBatchPrograms } from "./micro-batches.ts";
import { nameOf } from "./values.ts";
import type { WrittenModel } from "./written-model.ts";

/** A traced model, from which its programs are made. */
export interface TracedSpec {
  readonly graph: Graph;
  /** That of the same model without its adapters. */
  readonly bare: Graph;
  readonly losses: readonly Node[];
  /** What each of them is called where there are several. */
  readonly lossNames: readonly string[];
  /** Numbers that are logged beside the loss. */
  readonly metrics: ReadonlyMap<string, Node>;
  /** The model's lets. */
  readonly outputs: ReadonlyMap<string, Node>;
  /** Every named value in the modules, by its path: `vision.spatial`. */
  readonly named: ReadonlyMap<string, Node>;
  /** What stands for parameters that have adapters of their own, by the paths of these. */
  readonly adapted: ReadonlyMap<string, Node>;
  /** Every parameter and buffer, with its first value. */
  readonly parameters: readonly InitialParameter[];
  /** What a checkpoint may have besides, with the values that it must have there. */
  readonly optional: readonly OptionalTensor[];
  /** The paths of trainable parameters. */
  readonly trainable: ReadonlySet<string>;
  /** How the optimizer moves the parameters that groups name, by their paths. */
  readonly rules: ReadonlyMap<string, ParameterRule>;
  readonly settings: TrainSettings;
  readonly data: DataSettings;
  /** Where declared inputs come from in a data set, by name; of others their type and use say it. */
  readonly sources: ReadonlyMap<string, InputSource>;
  readonly evaluation: EvalSettings;
  /** The same model with the rows of a micro-batch; null where a batch is computed at once. */
  readonly inMicroBatches: (() => TracedRows) | null;
  /** The same model with another number of rows, the same each time that it is asked for. */
  readonly atRows: (rows: number) => TracedRows;
  /** The same model whose encoders read at most so many tokens of a text; null where it does not compile so. */
  readonly ofShortTexts: (tokens: number) => TracedSpec | null;
  /** The same model as it is written, traced anew for one who hears of every value. */
  readonly writtenWith: (watch: Watch) => WrittenModel;
}

/** What a checkpoint may have though nothing reads it, by its name there. */
export interface OptionalTensor {
  readonly path: string;
  readonly checkpoint: string;
  readonly type: TensorType;
  /** A number for all elements, or what a graph of its own gives; null for any value. */
  readonly value: number | Node | null;
}

/** A model traced with so many rows; null after the diagnostics where it compiles for its whole batch alone. */
export interface TracedRows {
  readonly spec: TracedSpec | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** A program by its name, or null when the model does not have it. */
export function buildProgram(spec: TracedSpec, name: ProgramName, fetch: readonly string[] = []): Program | null {
  const built = buildOrExplain(spec, name, fetch);
  return typeof built === "string" ? null : built;
}

/** In words why a model does not have a program, for one that it does not have. */
export function whyNoProgram(spec: TracedSpec, name: ProgramName): string {
  const built = buildOrExplain(spec, name, []);
  if (typeof built === "string") return built;
  throw new Error(`the model has the program ${name}`);
}

/** In words why a model has no training step, for one that has none. */
export function whyNoStep(spec: TracedSpec): string {
  return whyNoProgram(spec, spec.inMicroBatches === null ? "step" : "embed");
}

function buildOrExplain(spec: TracedSpec, name: ProgramName, fetch: readonly string[]): Program | string {
  switch (name) {
    case "forward":
      return buildForward(spec, fetch);
    case "encode_image":
      return (
        buildEncode(spec, name, imageOutputs(spec.evaluation)) ??
        "the `eval` block does not say which `let` is `image`, and has no `classify` task"
      );
    case "encode_text":
      return (
        buildEncode(spec, name, textOutputs(spec.evaluation)) ?? "the `eval` block does not say which `let` is `text`"
      );
    case "step":
      return buildStep(spec) ?? noLoss;
    case "embed":
    case "compare":
    case "backpropagate":
    case "update":
      return buildForMicroBatches(spec, name);
    case "init":
      return buildInit(spec.parameters, spec.settings.seed);
  }
}

const noLoss = "the model has no `loss`";

function buildForMicroBatches(spec: TracedSpec, name: MicroBatchProgram): Program | string {
  if (buildStep(spec) === null) return noLoss;
  if (spec.inMicroBatches === null) return "the `train` block has no `micro_batch` that is smaller than its `batch`";
  return buildStepPart(spec, name, spec.settings.microBatch);
}

/** A program of a step in micro-batches of so many rows, whatever the spec says of these; in words why there is none. */
export function buildStepPart(spec: TracedSpec, name: MicroBatchProgram, count: number): Program | string {
  const whole = buildStep(spec);
  if (whole === null) return noLoss;
  const { spec: rows, diagnostics } = spec.atRows(count);
  const microBatch = rows === null ? null : buildStep(rows);
  if (microBatch !== null) return buildMicroBatchProgram(name, { whole, microBatch }, spec.trainable);
  const why = diagnostics.find(({ severity }) => severity === "error")?.message ?? "it has no `loss`";
  return `with the rows of a \`micro_batch\` the model does not compile: ${why}`;
}

/**
 * The programs that make a training step together: the step itself, or those of its micro-batches. Null when the model has no loss, or
 * cannot be cut because its operations are others for another number of rows.
 */
export function stepPrograms(spec: TracedSpec): readonly Program[] | null {
  const names: readonly ProgramName[] = spec.inMicroBatches === null ? ["step"] : microBatchPrograms;
  const programs = names.flatMap((name) => buildProgram(spec, name) ?? []);
  return programs.length === names.length ? programs : null;
}

/** What is computed of volumes or of texts alone, so that only one kind of input is needed: lets by the names of the outputs. */
function buildEncode(spec: TracedSpec, name: string, lets: ReadonlyMap<string, string>): Program | null {
  const outputs = new Map<string, Node>();
  for (const [output, written] of lets) {
    const node = spec.outputs.get(written);
    if (node !== undefined) outputs.set(output, node);
  }
  if (outputs.size === 0) return null;
  return { name, graph: spec.graph, outputs, updates: new Map(), once: new Map() };
}

/** The model's values, its loss and its metrics, as in evaluation; `fetch` names further values. */
export function buildForward(spec: TracedSpec, fetch: readonly string[]): Program {
  const outputs = new Map([...spec.outputs, ...spec.metrics]);
  const loss = totalLoss(spec);
  if (loss !== null) outputs.set("loss", loss);
  for (const name of fetch) {
    const node = spec.named.get(name);
    if (node !== undefined) outputs.set(name, node);
  }
  return { name: "forward", graph: spec.graph, outputs, updates: new Map(), once: new Map() };
}

/** The loss, and what is logged beside it, of which passes make a training step; null when the model has no loss. */
export function buildStep(spec: TracedSpec): Program | null {
  const loss = totalLoss(spec);
  if (loss === null) return null;
  const program = {
    name: "step",
    graph: spec.graph,
    outputs: new Map([["loss", loss], ...loggedOf(spec)]),
    updates: new Map(),
    once: new Map(),
  };
  return program;
}

/** The metrics, and each loss where there are several. */
function loggedOf({ losses, lossNames, metrics }: TracedSpec): readonly (readonly [string, Node])[] {
  const terms = losses.flatMap((node, index): readonly (readonly [string, Node])[] => {
    const name = lossNames[index];
    return name === undefined ? [] : [[nameOf({ kind: "loss-term", name }), node]];
  });
  const logged = [...metrics].map(([name, node]) => [nameOf({ kind: "metric", name }), node] as const);
  return losses.length > 1 ? [...terms, ...logged] : logged;
}

/** The sum of the model's losses. */
function totalLoss({ losses, graph }: TracedSpec): Node | null {
  const [first, ...rest] = losses;
  if (first === undefined) return null;
  const build = new Builder(graph, first.origin);
  return rest.reduce((sum, loss) => build.add({ op: "add" }, sum, loss), first);
}
