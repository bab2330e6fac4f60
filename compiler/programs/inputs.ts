import { type Dtype, nodesOf, type Program, type TensorType } from "../ir/index.ts";
import { numbersIn, traitsOf } from "../ops/index.ts";
import { promptInputs } from "../settings/index.ts";
import type { TracedSpec } from "./build.ts";

/** An input of a program, and which values it may have. */
export interface Input {
  readonly name: string;
  readonly type: TensorType;
  readonly values:
    | { readonly kind: "uniform" }
    /** Row numbers of a table, or classes: from 0 up to, and without, the limit. */
    | { readonly kind: "below"; readonly limit: number }
    /** Masks, of which everything counts. */
    | { readonly kind: "ones" }
    /** The number of the step. */
    | { readonly kind: "step" };
}

/** The inputs of a program, each once, with the values that its operations take. */
export function inputsOf(program: Program): readonly Input[] {
  const inputs = new Map<string, TensorType>();
  const limits = new Map<string, number>();
  /** The inputs whose elements a node has, each once, however often it has them. */
  const sources = new Map<number, ReadonlySet<string>>();
  for (const node of nodesOf(program)) {
    const { id, operation, inputs: operands, type } = node;
    if (operation.op === "input") {
      inputs.set(operation.name, type);
      sources.set(id, new Set([operation.name]));
    } else if (traitsOf(operation).movesElements) {
      sources.set(id, new Set(operands.flatMap((operand) => [...(sources.get(operand.id) ?? [])])));
    }
    const found = numbersIn(node);
    if (found === null) continue;
    const { numbers, limit } = found;
    for (const name of sources.get(numbers.id) ?? []) limits.set(name, Math.min(limit, limits.get(name) ?? limit));
  }
  return [...inputs].map(([name, type]) => ({ name, type, values: valuesOf(name, type.dtype, limits.get(name)) }));
}

/** The inputs that all rows of a batch share, such as weights of classes and prompts. */
export function sharedInputs({ sources }: Pick<TracedSpec, "sources">): ReadonlySet<string> {
  const weights = [...sources].flatMap(([name, { kind }]) => (kind === "balance" ? [name] : []));
  return new Set([...weights, ...promptInputs(sources)]);
}

function valuesOf(name: string, dtype: Dtype, limit: number | undefined): Input["values"] {
  if (name === "step") return { kind: "step" };
  if (limit !== undefined) return { kind: "below", limit };
  return dtype === "f32" || dtype === "bf16" ? { kind: "uniform" } : { kind: "ones" };
}
