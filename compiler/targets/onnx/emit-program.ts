import type { Node, Program, TensorType } from "../../ir/index.ts";
import { nameOf, roleOf, valueNamed } from "../../programs/index.ts";
import { isComputed, type Value } from "../lowering/index.ts";
import { type Fused, fuse } from "./fuse.ts";
import { GraphWriter } from "./graph-writer.ts";
import { lower, type Target } from "./lower/index.ts";
import { int, type NamedType, type OnnxModel, type Weight } from "./messages.ts";

/** The input that random numbers follow from. */
export const seedInput = "seed";

export interface OnnxSettings {
  /** The paths of what training changes: inputs of a training step, and inputs with a default of everything else. */
  readonly trainable: ReadonlySet<string>;
  /** Whether a step gives its gradients too. */
  readonly gradients: boolean;
  /** Whether what is trainable has no value in the model and is given in every run, as a step's is. */
  readonly given?: boolean;
  /** The same of a model that is served with one adapter or another, and draws no random numbers. */
  readonly served?: boolean;
  /** Weights that are stored in f32, also where all products read them in 16 bits. */
  readonly whole?: ReadonlySet<string>;
  /** Whether what is emitted is one of several that become a model for every batch. */
  readonly forAnyBatch?: boolean;
  /** Weights in 8 bits, by their paths, with the axis of which each slice has a scale. */
  readonly integers?: ReadonlyMap<string, number>;
}

/**
 * Says an optimised program in ONNX. Frozen weights are values in a file beside the model; trainable ones are too, but may
 * be given instead. What is computed once is a weight too, whose value is computed by who writes the model. What a training
 * step changes are inputs, and its new value is an output of its own.
 */
export function emitOnnx(program: Program, settings: OnnxSettings): OnnxModel {
  const { integers = new Map<string, number>() } = settings;
  const { nodes, fused } = fuse(program);
  const given = givenTo(nodes);
  const outputs = [...outputsOf(program, settings.gradients)].map(([of, node]) => {
    return { of, name: given.has(of) ? `${of}_output` : of, node };
  });
  const writer = new GraphWriter(
    [...given.keys(), ...[...integers.keys()].map(scalesName), seedInput, ...outputs.map(({ name }) => name)],
    settings.forAnyBatch !== true,
  );
  const trains = program.updates.size > 0 || settings.given === true;
  const isGiven = trains || settings.served === true;
  const inputs: NamedType[] = [];
  const weights: Weight[] = [];
  for (const [name, { kind, type }] of given) {
    const changes = kind === "parameter" && roleOf(name, settings.trainable) !== "frozen";
    if (kind === "input" || changes) inputs.push({ name, type });
    if (kind === "parameter" && !(isGiven && changes)) weights.push({ name, type, trainable: changes });
  }
  if (trains) inputs.push({ name: seedInput, type: { dtype: "i32", shape: [] } });
  const isWhole = (path: string): boolean => integers.has(path) || settings.whole?.has(path) === true;
  const halved = halvedWeights(nodes, (path) => !isWhole(path) && (trains || !settings.trainable.has(path)));
  const targetOf = ({ origin: { path } }: Node): Target => {
    const scope = path === "" ? program.name : path.replaceAll(".", "/");
    return {
      add: (op, names, attributes) => writer.add(scope, op, names, attributes),
      addSecond: (op, names, attributes) => writer.addSecond(scope, op, names, attributes),
      constant: (constantType, numbers) => writer.constant(constantType, numbers),
      list: (numbers) => writer.list(numbers),
      seed: trains ? seedInput : null,
    };
  };
  const values = new Map<Node, Value>();
  const valueFor = (node: Node): Value => {
    const axis = integers.get(pathOf(node));
    const known = values.get(node);
    if (known !== undefined || axis === undefined) return known ?? missing();
    const path = pathOf(node);
    const value = { name: floatsOf(path, scalesName(path), axis, targetOf(node)), type: node.type };
    values.set(node, value);
    return value;
  };
  for (const node of nodes) {
    const { operation, type } = node;
    if (operation.op === "input") values.set(node, { name: operation.name, type });
    else if (operation.op === "parameter") {
      // What is stored in 8 bits becomes floats where it is read first.
      if (!integers.has(operation.path)) values.set(node, { name: operation.path, type });
    } else if (isHalving(node) && halved.has(pathOf(node.inputs[0]))) {
      values.set(node, { name: pathOf(node.inputs[0]), type });
    } else if (isComputed(operation)) {
      const target = targetOf(node);
      const form = fused.get(node);
      const [table, numbers] = node.inputs;
      const axis = integers.get(pathOf(table));
      if (form !== undefined) {
        values.set(node, { name: lowerFused(form, form.inputs.map(valueFor), target), type });
      } else if (operation.op === "gather" && table !== undefined && numbers !== undefined && axis !== undefined) {
        // Only the rows that are taken become floats.
        const stored = { name: pathOf(table), type: table.type };
        const rows = lower(operation, [stored, valueFor(numbers)], type, target);
        const moved = axis < operation.axis ? axis : axis + numbers.type.shape.length - 1;
        values.set(node, { name: floatsOf(rows, scalesName(pathOf(table)), moved, target), type });
      } else values.set(node, { name: lower(operation, node.inputs.map(valueFor), type, target), type });
    } else throw new Error(`${operation.op} is rewritten before anything is emitted`);
  }
  for (const { name, node } of outputs) writer.give(name, valueFor(node).name);
  return {
    nodes: writer.nodes,
    inputs,
    outputs: outputs.map(({ of, name, node: { type } }) => ({ of, name, type })),
    inline: writer.constants,
    weights: weights.flatMap((weight) => storedAs(weight, halved, integers)),
  };
}

function missing(): never {
  throw new Error("a node stands after its inputs");
}

/** The name of the scales of a weight in 8 bits. */
export function scalesName(path: string): string {
  return `${path}:scales`;
}

/** Whole numbers times the scale of their slice of an axis. */
function floatsOf(integers: string, scales: string, axis: number, target: Target): string {
  return target.add("DequantizeLinear", [integers, scales], { axis: int(axis) });
}

/** A weight as it stands in a file, with its scales where it has some. */
function storedAs(
  weight: Weight,
  halved: ReadonlySet<string>,
  integers: ReadonlyMap<string, number>,
): readonly Weight[] {
  const { name, type } = weight;
  const axis = integers.get(name);
  if (axis === undefined) return [halved.has(name) ? { ...weight, type: { ...type, dtype: "bf16" } } : weight];
  const scales = { dtype: "f32" as const, shape: type.shape.slice(axis, axis + 1) };
  return [
    { ...weight, type: { ...type, dtype: "i8" } },
    { ...weight, name: scalesName(name), type: scales },
  ];
}

function lowerFused(form: Fused, inputs: readonly Value[], target: Target): string {
  const names = inputs.map(({ name }) => name);
  switch (form.kind) {
    case "layer_norm":
      return target.add("LayerNormalization", names, { epsilon: { kind: "float", value: form.epsilon } });
    case "gelu":
      return target.add("Gelu", names);
  }
}

interface Given {
  readonly kind: "input" | "parameter";
  readonly type: TensorType;
}

function givenTo(nodes: readonly Node[]): ReadonlyMap<string, Given> {
  const given = new Map<string, Given>();
  for (const { operation, type } of nodes) {
    if (operation.op === "input") given.set(operation.name, { kind: "input", type });
    else if (operation.op === "parameter") given.set(operation.path, { kind: "parameter", type });
  }
  return given;
}

function outputsOf({ outputs, updates }: Program, gradients: boolean): ReadonlyMap<string, Node> {
  return new Map([
    ...[...outputs].filter(([name]) => gradients || valueNamed(name).kind !== "gradient"),
    ...[...updates].map(([path, node]) => [nameOf({ kind: "next", of: path }), node] as const),
  ]);
}

/** Weights that are only ever read in 16 bits, and so are stored in 16. What training changes keeps all of its own. */
function halvedWeights(nodes: readonly Node[], isFrozen: (path: string) => boolean): ReadonlySet<string> {
  const halved = new Set(nodes.flatMap((node) => (isHalving(node) ? [pathOf(node.inputs[0])] : [])));
  for (const node of nodes) {
    if (!isHalving(node)) for (const input of node.inputs) halved.delete(pathOf(input));
  }
  return new Set([...halved].filter((path) => path !== "" && isFrozen(path)));
}

function isHalving({ operation }: Node): boolean {
  return operation.op === "cast" && operation.dtype === "bf16";
}

/** The path of a parameter; nothing for any other node. */
function pathOf(node: Node | undefined): string {
  return node?.operation.op === "parameter" ? node.operation.path : "";
}
