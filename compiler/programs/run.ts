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

/**
 * A value that depends on parameters alone, whose elements come in pieces: what a weight is that is computed once. Numbers that are
 * drawn for a first value follow from the seed.
 */
export function evaluateOnce(node: Node, piecesOf: (path: string) => Iterable<Float32Array>, seed = 0): Float32Array {
  const parameters = new Map<string, TensorData>();
  for (const { operation, type } of neededFor([node])) {
    if (operation.op !== "parameter" || parameters.has(operation.path)) continue;
    const data = new Float32Array(elementCount(type));
    let at = 0;
    for (const piece of piecesOf(operation.path)) {
      data.set(piece, at);
      at += piece.length;
    }
    parameters.set(operation.path, { type, data });
  }
  const inputs = new Map([[seedInput, { type: { dtype: "i32", shape: [] }, data: Float64Array.of(seed) } as const]]);
  const value = evaluate([node], { inputs, parameters }, "f64").get(node);
  if (value === undefined) throw new Error("the evaluator gives what it is asked for");
  return Float32Array.from(value.data);
}
