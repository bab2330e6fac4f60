import { type Program, rewrite } from "../ir/index.ts";

/** Matrix products in bf16, everything else in f32: the products are where the time goes, and sums need the digits. */
export function lowerPrecision(program: Program): Program {
  return rewrite(program, ({ operation, type }, [a, b], build) => {
    if (operation.op !== "matmul" || type.dtype !== "f32" || a === undefined || b === undefined) return null;
    const product = build.add(
      operation,
      build.add({ op: "cast", dtype: "bf16" }, a),
      build.add({ op: "cast", dtype: "bf16" }, b),
    );
    return build.add({ op: "cast", dtype: "f32" }, product);
  });
}
