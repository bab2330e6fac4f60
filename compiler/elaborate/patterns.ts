import type { Dimension, Span, TensorType } from "../../grammar/index.ts";
import { at } from "../at.ts";
import { type Dtype, type TensorType as FoundType, printType } from "../ir/index.ts";
import type { Evaluator } from "./evaluate.ts";
import { type Environment, number, type TensorValue, type Value } from "./values.ts";

const behindDots = "the sizes behind `...`";

/**
 * Checks a tensor against a declared type. A name that is not a number yet gets the size that is there, everything else
 * must equal it, and `...` stands for any number of sizes. The names become the labels of the axes.
 */
export function matchType(
  type: TensorType,
  value: Value,
  what: string,
  span: Span,
  environment: Environment,
  evaluator: Evaluator,
): TensorValue {
  const tensor = evaluator.trace.toTensor(value, type.dtype, span, what);
  const found = tensor.node.type;
  const labels = bindSizes(type, found, environment, evaluator);
  if (labels !== null) return { ...tensor, labels };
  const expected = printDeclared(type, environment, evaluator);
  return evaluator.trace.fail("shape-mismatch", span, { what, expected, found: printType(found) });
}

/** Binds the sizes of a declared type as `matchType` does, and gives the labels; null for what has another type. */
export function bindSizes(
  type: TensorType,
  found: FoundType,
  environment: Environment,
  evaluator: Evaluator,
): readonly (string | null)[] | null {
  if (found.dtype !== type.dtype) return null;
  const dims = type.dims.flatMap((dim) => spreadOf(dim, environment, evaluator));
  const rest = dims.findIndex((dim) => typeof dim !== "number" && dim.kind === "rest");
  const extra = found.shape.length - (dims.length - (rest < 0 ? 0 : 1));
  if (extra < 0 || (rest < 0 && extra > 0)) return null;
  const labels: (string | null)[] = [];
  let axis = 0;
  for (const dim of dims) {
    if (typeof dim === "number") {
      labels.push(null);
      if (at(found.shape, axis++) !== dim) return null;
      continue;
    }
    if (dim.kind === "rest") {
      for (let skipped = 0; skipped < extra; skipped++) labels.push(null);
      axis += extra;
      continue;
    }
    const size = at(found.shape, axis++);
    labels.push(dim.kind === "name" ? dim.text : null);
    if (dim.kind === "name" && environment.lookup(dim.text)?.kind !== "number")
      environment.define(dim.text, number(size));
    else if (evaluator.number(dim, environment, "a size") !== size) return null;
  }
  return labels;
}

/** A declared type as it was written, with the sizes that are known beside their names. */
function printDeclared(type: TensorType, environment: Environment, evaluator: Evaluator): string {
  const dims = type.dims.map((dim) => {
    if (dim.kind === "rest") return "...";
    if (dim.kind === "number") return dim.text;
    const written = dim.span.source.text.slice(dim.span.start, dim.span.end);
    if (dim.kind === "spread") return `${written} = ${evaluator.numbers(dim.list, environment, behindDots).join(", ")}`;
    if (dim.kind === "name" && environment.lookup(dim.text)?.kind !== "number") return written;
    return `${written} = ${evaluator.number(dim, environment, "a size")}`;
  });
  return `${type.dtype}[${dims.join(", ")}]`;
}

/** The sizes of a declared parameter or input, all of which are known. */
export function sizesOf(
  type: TensorType,
  environment: Environment,
  evaluator: Evaluator,
): {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
} {
  const shape = type.dims.flatMap((dim) => {
    if (dim.kind === "rest")
      return evaluator.trace.fail("bad-size", dim.span, { what: "`...`", found: "any number of sizes" });
    const sizes =
      dim.kind === "spread"
        ? evaluator.numbers(dim.list, environment, behindDots)
        : [evaluator.number(dim, environment, "a size")];
    const wrong = sizes.find((size) => !Number.isSafeInteger(size) || size < 0);
    if (wrong === undefined) return sizes;
    const what = `\`${dim.span.source.text.slice(dim.span.start, dim.span.end)}\``;
    return evaluator.trace.fail("bad-size", dim.span, { what, found: String(wrong) });
  });
  return { dtype: type.dtype, shape };
}

/** The sizes of a list in the place of `...size`, and any other dimension as it is. */
function spreadOf(
  dim: Dimension,
  environment: Environment,
  evaluator: Evaluator,
): readonly (number | Exclude<Dimension, { readonly kind: "spread" }>)[] {
  return dim.kind === "spread" ? evaluator.numbers(dim.list, environment, behindDots) : [dim];
}
