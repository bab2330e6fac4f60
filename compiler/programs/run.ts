import { evaluate, type Given, type Precision } from "../ir/evaluate.ts";
import type { TensorData } from "../ops/index.ts";
import type { Program } from "./program.ts";

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
