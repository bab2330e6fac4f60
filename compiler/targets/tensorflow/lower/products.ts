import type { OperationOf, TensorType } from "../../../ir/index.ts";
import { at, type Value } from "../../lowering/index.ts";
import { typeAttribute } from "../graphdef.ts";
import { castTo, type Lowering, reshapeTo, type Target } from "./context.ts";

/**
 * One matrix for all rows is one product of two matrices, whatever axes the rows have; many matrices are a product in
 * batches. Transposes are flags of the product, never copies.
 */
export const matmul: Lowering<"matmul"> = (operation, inputs, type, target) => {
  const a = at(inputs, 0);
  const b = at(inputs, 1);
  if (type.dtype !== "bf16" || target.bf16Products === "native") return product(operation, a, b, type, target);
  const wide = product(operation, widen(a, target), widen(b, target), { ...type, dtype: "f32" }, target);
  return castTo(wide, "f32", "bf16", target);
};

function widen({ name, type }: Value, target: Target): Value {
  return { name: castTo(name, type.dtype, "f32", target), type: { ...type, dtype: "f32" } };
}

function product(
  { transposeA, transposeB }: OperationOf<"matmul">,
  a: Value,
  b: Value,
  type: TensorType,
  target: Target,
): string {
  const flag = (value: boolean) => ({ kind: "bool", value }) as const;
  const inMatrices = { T: typeAttribute(type.dtype), transpose_a: flag(transposeA), transpose_b: flag(transposeB) };
  if (a.type.shape.length === 2 && b.type.shape.length === 2) {
    return target.add("MatMul", [a.name, b.name], inMatrices);
  }
  if (b.type.shape.length === 2 && !transposeA) {
    const inner = a.type.shape.at(-1) ?? 1;
    const rows = a.type.shape.slice(0, -1).reduce((size, each) => size * each, 1);
    const flat = reshapeTo(a.name, a.type.dtype, [rows, inner], target);
    return reshapeTo(target.add("MatMul", [flat, b.name], inMatrices), type.dtype, type.shape, target);
  }
  return target.add("BatchMatMulV2", [a.name, b.name], {
    T: typeAttribute(type.dtype),
    adj_x: flag(transposeA),
    adj_y: flag(transposeB),
  });
}
