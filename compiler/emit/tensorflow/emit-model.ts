import { Graph } from "../../ir/graph.ts";
import type { Node } from "../../ir/types.ts";
import { gradientPrefix, type Program } from "../../programs/program.ts";
import { emitProgram } from "./emit-program.ts";
import { assignZeros, emitFeeds, type Feed, feedSignatures } from "./feeds.ts";
import { GraphWriter, scopeOf } from "./graph-writer.ts";
import { type SavedModel, type SignatureDef, type TensorInfo, typeAttribute } from "./graphdef.ts";
import { type VariableRole, Variables } from "./variables.ts";

/** What a program that runs the model has to know of it besides its signatures. */
export interface ModelIndex {
  readonly format: 1;
  readonly variables: readonly {
    readonly path: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly role: VariableRole;
  }[];
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

/**
 * Writes programs as one TensorFlow model whose weights, adapters and optimizer state are variables of its session.
 * Besides a signature for each program there are: `init` and its numbered fellows, which take the weights in pieces;
 * `initialise`, which sets the first values that follow from the seed; `prepare`, to be run after either, which computes
 * what is computed once and sets the optimizer's state to zero; `read`, which gives what training changed; `gradients`,
 * which gives the step's gradients and changes nothing.
 */
export function emitModel(programs: readonly Program[], init: Program, trainable: ReadonlySet<string>): EmittedModel {
  const writer = new GraphWriter();
  const variables = new Variables(writer, trainable);
  const signatures = new Map<string, SignatureDef>();
  for (const program of programs) {
    const { signature } = emitProgram(program, variables, writer);
    const [gradients, others] = partition(signature.outputs);
    signatures.set(program.name, { inputs: signature.inputs, outputs: others });
    if (gradients.size > 0) signatures.set("gradients", { inputs: signature.inputs, outputs: gradients });
  }
  signatures.set("prepare", emitPrepare(variables, writer));
  const feeds = emitFeeds(variables, writer);
  for (const [name, signature] of feedSignatures(feeds)) signatures.set(name, signature);
  signatures.set("initialise", emitInitialise(init, variables, writer));
  signatures.set("read", emitRead(variables, writer));
  const stored = [...variables.all.values()].map(({ path, type, role }) => ({ path, ...type, role }));
  const index: ModelIndex = {
    format: 1,
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
    if (name.startsWith(gradientPrefix)) gradients.set(name.slice(gradientPrefix.length), info);
    else others.set(name, info);
  }
  return [gradients, others];
}

/** Fills what is computed once, and sets the optimizer's state to zero. */
function emitPrepare(variables: Variables, writer: GraphWriter): SignatureDef {
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
      variables,
      writer,
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

/** Sets every fed variable to its first value. */
function emitInitialise(init: Program, variables: Variables, writer: GraphWriter): SignatureDef {
  const stored = [...variables.all.values()].filter(({ source, role }) => source.kind === "fed" && role !== "state");
  const wanted = new Set(stored.map(({ path }) => path));
  const outputs = new Map([...init.updates].filter(([path]) => wanted.has(path)));
  const { signature } = emitProgram({ ...init, name: "initialise", outputs, updates: new Map() }, variables, writer);
  const assigned = stored.flatMap(({ path, handle, type }) => {
    const first = signature.outputs.get(path)?.name.replace(/:0$/, "");
    if (first === undefined) return [];
    const dtype = typeAttribute(type.dtype);
    const scope = `initialise/${scopeOf(path)}`;
    const value =
      type.dtype === "f32" ? first : writer.add(scope, "Cast", [first], { SrcT: typeAttribute("f32"), DstT: dtype });
    return [writer.add(scope, "AssignVariableOp", [handle, value], { dtype })];
  });
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
