import { at } from "../../at.ts";
import { Builder, elementCount, type Node, type Program } from "../../ir/index.ts";
import type { TracedSpec } from "../../programs/index.ts";
import type { AdapterUpdate, LowRank } from "./updates.ts";

export type PlacedLowRank = AdapterUpdate & LowRank;

/** What adapted modules read: all that read the same are together. */
export interface AdaptedInput {
  readonly updates: readonly PlacedLowRank[];
  /** The width of its rows. */
  readonly width: number;
  /** The outputs of the program that make it up; there are several where a module is used several times. */
  readonly parts: readonly MomentsPart[];
}

interface MomentsPart {
  /** Rows in one run of the program. */
  readonly rows: number;
  /** The names of the outputs: the mean of the rows, [width], and their products about it, [width, width]. */
  readonly mean: string;
  readonly scatter: string;
}

export interface InputMoments {
  /** It has the rows of the spec that it is of. */
  readonly program: Program;
  readonly inputs: readonly AdaptedInput[];
  /** The adapters whose `down` is no projection of an input's rows, or stands with other tensors than `up`. */
  readonly left: readonly AdapterUpdate[];
}

/**
 * A program that gives the moments of what modules with a low-rank update read, before dropout; null where there is no such module. An
 * input is what a matrix product multiplies by `down`, so it follows from the graph alone.
 */
export function inputMomentsOf({ graph }: TracedSpec, updates: readonly AdapterUpdate[]): InputMoments | null {
  const projected = projectionsOf(graph.nodes);
  const groups = new Map<string, { readonly nodes: readonly Node[]; readonly updates: PlacedLowRank[] }>();
  const left: AdapterUpdate[] = [];
  for (const update of updates) {
    const nodes = update.kind === "low-rank" && !update.isEmbedding ? (projected.get(update.down.path) ?? []) : [];
    if (update.kind !== "low-rank" || nodes.length === 0) {
      left.push(update);
      continue;
    }
    const key = nodes.map(({ id }) => id).join();
    const group = groups.get(key) ?? { nodes, updates: [] };
    group.updates.push(update);
    groups.set(key, group);
  }
  if (groups.size === 0) return null;
  const outputs = new Map<string, Node>();
  const known = new Map<Node, MomentsPart>();
  const partOf = (node: Node): MomentsPart => {
    const part = known.get(node) ?? addMoments(new Builder(graph, node.origin), node, known.size, outputs);
    known.set(node, part);
    return part;
  };
  const inputs = [...groups.values()].map(({ nodes, updates: own }) => ({
    updates: own,
    width: widthOf(at(nodes, 0)),
    parts: nodes.map(partOf),
  }));
  const program = { name: "input_moments", graph, outputs, updates: new Map(), once: new Map() };
  return { program, inputs, left };
}

/** What is multiplied by a matrix [rank, width] that is a parameter, along its rows, by the parameter's path. */
function projectionsOf(nodes: readonly Node[]): ReadonlyMap<string, readonly Node[]> {
  const found = new Map<string, Node[]>();
  const ofInputs = new Set<Node>();
  for (const node of nodes) {
    const { operation, inputs } = node;
    if (operation.op === "input" || inputs.some((each) => ofInputs.has(each))) ofInputs.add(node);
    if (operation.op !== "matmul" || operation.transposeA) continue;
    const [given, matrix] = [beforeDropout(at(inputs, 0)), at(inputs, 1)];
    const path = parameterOf(matrix, operation.transposeB);
    if (path === null || !ofInputs.has(given)) continue;
    const all = found.get(path) ?? [];
    if (!all.includes(given)) all.push(given);
    found.set(path, all);
  }
  return found;
}

/** The path of the parameter that a node is, or is the transpose of, in whatever type. */
function parameterOf(node: Node, isTransposed: boolean): string | null {
  const { operation, inputs, type } = node;
  switch (operation.op) {
    case "parameter":
      return isTransposed && type.shape.length === 2 ? operation.path : null;
    case "cast":
    case "stop_gradient":
      return parameterOf(at(inputs, 0), isTransposed);
    case "transpose":
      return operation.permutation.join() === "1,0" ? parameterOf(at(inputs, 0), !isTransposed) : null;
    default:
      return null;
  }
}

function beforeDropout(node: Node): Node {
  const { op } = node.operation;
  return op === "dropout" || op === "cast" || op === "stop_gradient" ? beforeDropout(at(node.inputs, 0)) : node;
}

function widthOf({ type: { shape } }: Node): number {
  return at(shape, shape.length - 1);
}

/** Products are of what is left without the mean, which may be large beside it: 32 bits are enough then. */
function addMoments(build: Builder, node: Node, index: number, outputs: Map<string, Node>): MomentsPart {
  const width = widthOf(node);
  const rows = elementCount(node.type) / width;
  const flat = build.reshape(node.type.dtype === "f32" ? node : build.add({ op: "cast", dtype: "f32" }, node), [
    rows,
    width,
  ]);
  const mean = build.mul(build.sum(flat, [0], true), 1 / rows);
  const centred = build.add({ op: "sub" }, flat, build.broadcast(mean, [rows, width]));
  const part = { rows, mean: `input_mean.${index}`, scatter: `input_scatter.${index}` };
  outputs.set(part.mean, build.reshape(mean, [width]));
  outputs.set(part.scatter, build.add({ op: "matmul", transposeA: true, transposeB: false }, centred, centred));
  return part;
}
