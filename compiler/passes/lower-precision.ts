import { type Node, nodesOf, type Program, rewrite } from "../ir/index.ts";

/** The matrix products that are put in bf16, in the order of the program. What is computed once keeps its digits. */
export function loweredProducts(program: Program): readonly Node[] {
  return nodesOf(program).filter(({ operation, type }) => operation.op === "matmul" && type.dtype === "f32");
}

/**
 * Matrix products in bf16, everything else in f32: the products are where the time goes, and sums need the digits. Those of some places
 * among `loweredProducts` stay in f32.
 */
export function lowerPrecision(program: Program, inSingle: ReadonlySet<number> = new Set()): Program {
  const lowered = new Set(loweredProducts(program).filter((_, place) => !inSingle.has(place)));
  return rewrite(program, (node, [a, b], build) => {
    if (!lowered.has(node) || a === undefined || b === undefined) return null;
    const product = build.add(
      node.operation,
      build.add({ op: "cast", dtype: "bf16" }, a),
      build.add({ op: "cast", dtype: "bf16" }, b),
    );
    return build.add({ op: "cast", dtype: "f32" }, product);
  });
}
