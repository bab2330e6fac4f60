import {
  type Compiled,
  elementCount,
  nodesOf,
  type Program,
  printType,
  type TensorData,
  type TensorType,
} from "../../compiler/index.ts";
import { type Diagnostic, didYouMean, report } from "../../grammar/index.ts";
import { elementsOf, type StoredTensor } from "../weights/index.ts";

/** Values for a program, and what is wrong with what was given. */
export interface Matched {
  readonly values: ReadonlyMap<string, TensorData>;
  readonly diagnostics: readonly Diagnostic[];
}

/** What is fed: each input by its name, and the number of the step. */
export function matchInputs(program: Program, feeds: ReadonlyMap<string, StoredTensor>, step: number): Matched {
  const values = new Map<string, TensorData>();
  const diagnostics: Diagnostic[] = [];
  const missing: string[] = [];
  for (const { operation, type } of nodesOf(program)) {
    if (operation.op !== "input" || values.has(operation.name)) continue;
    const { name } = operation;
    const stored = feeds.get(name);
    if (name === "step") values.set(name, { type, data: Float32Array.of(step) });
    else if (stored === undefined) missing.push(name);
    else diagnostics.push(...take(name, stored, type, values, name));
  }
  if (missing.length > 0) {
    const help = didYouMean(missing[0] ?? "", feeds.keys());
    const params = { names: missing, what: missing.length === 1 ? "the input" : "the inputs" };
    diagnostics.push(report("missing-tensors", "--feeds", params, { help }));
  }
  return { values, diagnostics };
}

/**
 * Parameters by their names in checkpoints, with and without what PEFT puts before them. What a step keeps for them, such
 * as `mean:` and that name, is zero where no file has it.
 */
export function findParameters(
  program: Program,
  { plan }: Compiled,
  stored: ReadonlyMap<string, StoredTensor>,
): Matched {
  const values = new Map<string, TensorData>();
  const diagnostics: Diagnostic[] = [];
  const missing = new Set<string>();
  const checkpoints = new Map(
    [...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].map((each) => [each.path, each.checkpoint]),
  );
  for (const { operation, type } of program.graph.nodes) {
    if (operation.op !== "parameter" || values.has(operation.path) || program.once.has(operation.path)) continue;
    const { path } = operation;
    const checkpoint = checkpoints.get(path);
    const [, prefix = "", of = path] = /^([^:]*:)(.*)$/.exec(path) ?? [];
    const name = prefix + (checkpoints.get(of) ?? of);
    const found = checkpoint === undefined ? stored.get(name) : inCheckpoint(checkpoint, stored);
    if (found !== undefined) diagnostics.push(...take(path, found, type, values, name));
    else if (checkpoint === undefined || elementCount(type) === 0)
      values.set(path, { type, data: new Float32Array(elementCount(type)) });
    else missing.add(checkpoint);
  }
  if (missing.size > 0) diagnostics.push(missingWeights(missing));
  return { values, diagnostics };
}

/** A tensor by its name in checkpoints, with and without what PEFT puts before it. */
export function inCheckpoint<Tensor>(checkpoint: string, tensors: ReadonlyMap<string, Tensor>): Tensor | undefined {
  return tensors.get(checkpoint) ?? tensors.get(`base_model.model.${checkpoint}`);
}

export function missingWeights(missing: ReadonlySet<string>): Diagnostic {
  const params = { names: [...missing], what: missing.size === 1 ? "the weight" : `${missing.size} weights` };
  const help = "give the model's with --weights and the adapters' with --adapter";
  return report("missing-tensors", "--weights", params, { help });
}

export function misshapen(name: string, shape: readonly number[], expected: TensorType): Diagnostic {
  const params = { name, found: `[${shape.join(", ")}]`, expected: printType(expected) };
  return report("misshapen-tensor", name, params);
}

function take(
  key: string,
  stored: StoredTensor,
  type: TensorData["type"],
  values: Map<string, TensorData>,
  name: string,
): readonly Diagnostic[] {
  const same =
    stored.shape.length === type.shape.length && stored.shape.every((size, axis) => size === type.shape[axis]);
  if (!same) return [misshapen(name, stored.shape, type)];
  values.set(key, { type, data: Float32Array.from(elementsOf(stored)) });
  return [];
}
