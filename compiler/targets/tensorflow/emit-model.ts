import { Graph, type Node, type Program } from "../../ir/index.ts";
import {
  type DrawnParameter,
  firstValue,
  type InitialParameter,
  isDrawn,
  type ValueRole,
  valueNamed,
} from "../../programs/index.ts";
import { type Emission, emitProgram } from "./emit-program.ts";
import { assignZeros, emitFeeds, type Feed, piecesOf, storePiece } from "./feeds.ts";
import { GraphWriter, scopeOf } from "./graph-writer.ts";
import { type SavedModel, type SignatureDef, type TensorInfo, typeAttribute } from "./graphdef.ts";
import { noKernels, type OwnKernels } from "./kernels.ts";
import type { Bf16Products } from "./lower/index.ts";
import { Variables } from "./variables.ts";

/** What a program that runs the model has to know of it besides its signatures. */
export interface ModelIndex {
  readonly format: 2;
  readonly variables: readonly {
    readonly path: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly role: ValueRole;
  }[];
  /** Bytes that one run of `init` is given, where a piece is not larger by itself. */
  readonly feedBytes: number;
  readonly feeds: readonly Feed[];
  readonly signatures: Readonly<Record<string, IndexedSignature>>;
}

interface IndexedSignature {
  readonly inputs: Readonly<Record<string, IndexedTensor>>;
  readonly outputs: Readonly<Record<string, IndexedTensor>>;
}

interface IndexedTensor {
  /** The node, as its first output. */
  readonly node: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

export interface EmittedModel {
  readonly model: SavedModel;
  readonly index: ModelIndex;
}

/** What a model needs besides its programs. */
export interface ModelSettings {
  /** Every parameter that a program may read, with its first value, and the seed that these follow from. */
  readonly parameters: readonly InitialParameter[];
  readonly seed: number;
  readonly trainable: ReadonlySet<string>;
  readonly bf16Products: Bf16Products;
  /** None unless it is said. */
  readonly kernels?: OwnKernels;
  /** At most that many bytes of weights are fed at once, so that no second copy of all is ever needed; 64 MiB. */
  readonly feedBytes?: number;
}

const usualFeedBytes = 64 * 1024 * 1024;

/**
 * Writes programs as one TensorFlow model whose weights, adapters and optimizer state are variables of its session.
 * Besides a signature for each program there are: `init`, which takes some pieces of the weights at each run; `initialise`,
 * which sets the first values, where all of them follow from the seed; `prepare`, to be run after either, which computes what is computed
 * once and sets the optimizer's state to zero; `read`, which gives what training changed; `gradients`, which gives the
 * step's gradients and changes nothing.
 */
export function emitModel(programs: readonly Program[], settings: ModelSettings): EmittedModel {
  const { feedBytes = usualFeedBytes } = settings;
  const writer = new GraphWriter();
  const variables = new Variables(writer, settings.trainable);
  const { bf16Products, kernels = noKernels } = settings;
  const emission: Emission = { writer, variables, bf16Products, kernels };
  const signatures = new Map<string, SignatureDef>();
  for (const program of programs) {
    const { signature } = emitProgram(program, emission);
    const [gradients, others] = partition(signature.outputs);
    signatures.set(program.name, { inputs: signature.inputs, outputs: others });
    if (gradients.size > 0) signatures.set("gradients", { inputs: signature.inputs, outputs: gradients });
  }
  signatures.set("prepare", emitPrepare(emission));
  const { feeds, signature } = emitFeeds(variables, writer, feedBytes);
  signatures.set("init", signature);
  const drawn = settings.parameters.filter(isDrawn);
  if (drawn.length === settings.parameters.length) {
    signatures.set("initialise", emitInitialise({ parameters: drawn, seed: settings.seed, feedBytes }, emission));
  }
  signatures.set("read", emitRead(variables, writer));
  const stored = [...variables.all.values()].map(({ path, type, role }) => ({ path, ...type, role }));
  const index: ModelIndex = {
    format: 2,
    feedBytes,
    variables: stored,
    feeds,
    signatures: Object.fromEntries([...signatures].map(([name, signature]) => [name, indexSignature(signature)])),
  };
  return { model: { nodes: writer.nodes, signatures }, index };
}

function partition(
  outputs: ReadonlyMap<string, TensorInfo>,
): readonly [Map<string, TensorInfo>, Map<string, TensorInfo>] {
  const gradients = new Map<string, TensorInfo>();
  const others = new Map<string, TensorInfo>();
  for (const [name, info] of outputs) {
    const value = valueNamed(name);
    if (value.kind === "gradient") gradients.set(value.parameter, info);
    else others.set(name, info);
  }
  return [gradients, others];
}

/** Fills what is computed once, and sets the optimizer's state to zero. */
function emitPrepare(emission: Emission): SignatureDef {
  const { variables, writer } = emission;
  const once = new Map<string, Node>();
  for (const variable of variables.all.values()) {
    if (variable.source.kind === "computed") once.set(variable.path, variable.source.from);
  }
  const [anyNode] = once.values();
  const assigned: string[] = [];
  if (anyNode !== undefined) {
    // Reading what it needs declares further variables, in f32.
    const { signature } = emitProgram(
      { name: "prepare", graph: new Graph(), outputs: once, updates: new Map(), once: new Map() },
      emission,
    );
    for (const [path, { name, type }] of signature.outputs) {
      const { handle } = variables.computed(path);
      assigned.push(
        writer.add("prepare", "AssignVariableOp", [handle, name.replace(/:0$/, "")], {
          dtype: typeAttribute(type.dtype),
        }),
      );
    }
  }
  for (const { handle, type, role } of variables.all.values()) {
    if (role === "state") assigned.push(assignZeros(handle, type, "prepare", writer));
  }
  return doneAfter("prepare", assigned, writer);
}

interface Drawing extends Pick<ModelSettings, "seed"> {
  readonly parameters: readonly DrawnParameter[];
  readonly feedBytes: number;
}

/**
 * Sets every fed variable to its first value, piece after piece: what is drawn for a large one never needs more memory
 * than a piece of it.
 */
function emitInitialise({ parameters, seed, feedBytes }: Drawing, emission: Emission): SignatureDef {
  const { variables, writer } = emission;
  const byPath = new Map(parameters.map((parameter) => [parameter.path, parameter]));
  const assigned: string[] = [];
  for (const variable of variables.all.values()) {
    const parameter = byPath.get(variable.path);
    if (variable.source.kind !== "fed" || variable.role === "state" || parameter === undefined) continue;
    for (const [piece, { from, to, shape }] of piecesOf(variable.type.shape, feedBytes).entries()) {
      const graph = new Graph();
      const value = firstValue({ parameter, seed, piece }, { ...parameter.type, shape }, graph);
      const outputs = new Map([[variable.path, value]]);
      const program = { name: "initialise", graph, outputs, updates: new Map(), once: new Map() };
      const { signature } = emitProgram(program, emission, assigned.at(-1) ?? null);
      const drawn = signature.outputs.get(variable.path);
      if (drawn === undefined) throw new Error("a program gives its outputs");
      const first = drawn.name.replace(/:0$/, "");
      const after = piece === 0 ? null : (assigned.at(-1) ?? null);
      const scope = `initialise/${scopeOf(variable.path)}`;
      assigned.push(storePiece({ variable, from, to, value: first, scope, one: null, after }, writer));
    }
  }
  return doneAfter("initialise", assigned, writer);
}

/** What training changes: the trainable parameters and what the optimizer keeps for them. */
function emitRead(variables: Variables, writer: GraphWriter): SignatureDef {
  const outputs = new Map<string, TensorInfo>();
  for (const { path, type, role, handle } of variables.all.values()) {
    if (role === "frozen") continue;
    const read = writer.named(`read/${scopeOf(path)}`, "ReadVariableOp", [handle], {
      dtype: typeAttribute(type.dtype),
    });
    outputs.set(path, { name: `${read}:0`, type });
  }
  return { inputs: new Map(), outputs };
}

function doneAfter(scope: string, names: readonly string[], writer: GraphWriter): SignatureDef {
  const type = { dtype: "bool", shape: [] } as const;
  const yes = writer.constant(type, [1]);
  const done = writer.named(`${scope}/done`, "Identity", [yes, ...names.map((name) => `^${name}`)], {
    T: typeAttribute("bool"),
  });
  return { inputs: new Map(), outputs: new Map([["done", { name: `${done}:0`, type }]]) };
}

function indexSignature({ inputs, outputs }: SignatureDef): IndexedSignature {
  const index = (infos: ReadonlyMap<string, TensorInfo>): Readonly<Record<string, IndexedTensor>> =>
    Object.fromEntries(
      [...infos].map(([name, { name: node, type }]) => [name, { node: node.replace(/:0$/, ""), ...type }]),
    );
  return { inputs: index(inputs), outputs: index(outputs) };
}
