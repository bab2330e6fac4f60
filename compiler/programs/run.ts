import {
  elementCount,
  evaluate,
  type Given,
  type Node,
  neededFor,
  type Precision,
  type Program,
  seedInput,
} from "../ir/index.ts";
import type { TensorData } from "../ops/index.ts";

/** Runs a program in the reference evaluator: what is computed once first, then its outputs and updates, by name. */
export function runProgram(
  program: Program,
  { inputs, parameters }: Given,
  precision: Precision,
): ReadonlyMap<string, TensorData> {
  const known = new Map(parameters);
  const once = evaluate([...program.once.values()], { inputs, parameters }, precision);
  for (const [path, node] of program.once) {
    const value = once.get(node);
    if (value !== undefined) known.set(path, value);
  }
  const wanted = new Map([...program.outputs, ...program.updates]);
  const values = evaluate([...wanted.values()], { inputs, parameters: known }, precision);
  const results = new Map<string, TensorData>();
  for (const [name, node] of wanted) {
    const value = values.get(node);
    if (value !== undefined) results.set(name, value);
  }
  return results;
}

/** A weight's elements in pieces; those of a file in 64-bit floats may keep all of their digits. */
type Pieces = Iterable<Float32Array | Float64Array>;

/**
 * A value that depends on parameters alone, whose elements come in pieces: what a weight is that is computed once. Numbers that are
 * drawn for a first value follow from the seed.
 */
export function evaluateOnce(node: Node, piecesOf: (path: string) => Pieces, seed = 0): Float32Array {
  return Float32Array.from(evaluateExactly(node, piecesOf, seed));
}

/** The same in the 64-bit floats in which it is computed. */
export function evaluateExactly(
  node: Node,
  piecesOf: (path: string) => Pieces,
  seed = 0,
): ArrayLike<number> & Iterable<number> {
  const parameters = new Map<string, TensorData>();
  for (const { operation, type } of neededFor([node])) {
    if (operation.op !== "parameter" || parameters.has(operation.path)) continue;
    let data: Float32Array | Float64Array | null = null;
    let at = 0;
    for (const piece of piecesOf(operation.path)) {
      const Values = piece instanceof Float64Array ? Float64Array : Float32Array;
      data ??= new Values(elementCount(type));
      data.set(piece, at);
      at += piece.length;
    }
    parameters.set(operation.path, { type, data: data ?? new Float32Array(elementCount(type)) });
  }
  const inputs = new Map([[seedInput, { type: { dtype: "i32", shape: [] }, data: Float64Array.of(seed) } as const]]);
  const value = evaluate([node], { inputs, parameters }, "f64").get(node);
  if (value === undefined) throw new Error("the evaluator gives what it is asked for");
  return value.data;
}
