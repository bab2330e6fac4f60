import { elementCount, type OperationOf, type TensorType } from "../../../ir/index.ts";
import { at, type Value } from "../../lowering/index.ts";
import { type Attribute, type Attributes, typeAttribute } from "../graphdef.ts";
import { castTo, type Lowering, reshapeTo, type Target } from "./context.ts";

/**
 * One matrix for all rows is one product of two matrices, whatever axes the rows have; many matrices are a product in
 * batches. Transposes are flags of the product, never copies.
 */
export const matmul: Lowering<"matmul"> = (operation, inputs, type, target) => {
  const a = at(inputs, 0);
  const b = at(inputs, 1);
  if (isWorthOwn(operation, a, type, target))
    return target.add("MedctcProduct", [a.name, b.name], inBatches(operation, type));
  if (type.dtype !== "bf16" || target.bf16Products === "native") return product(operation, a, b, type, target);
  const wide = product(operation, widen(a, target), widen(b, target), { ...type, dtype: "f32" }, target);
  return castTo(wide, "f32", "bf16", target);
};

/** Whether a product has enough multiplications for the operation of our own, where there is one. */
function isWorthOwn({ transposeA }: OperationOf<"matmul">, a: Value, type: TensorType, target: Target): boolean {
  if (target.ownProducts === "none" || (type.dtype !== "f32" && type.dtype !== "bf16")) return false;
  const inner = a.type.shape.at(transposeA ? -2 : -1) ?? 1;
  return elementCount(type) * inner >= target.ownProducts.from;
}

function inBatches({ transposeA, transposeB }: OperationOf<"matmul">, type: TensorType): Attributes {
  return { T: typeAttribute(type.dtype), adj_x: flag(transposeA), adj_y: flag(transposeB) };
}

function flag(value: boolean): Attribute {
  return { kind: "bool", value };
}

function widen({ name, type }: Value, target: Target): Value {
  return { name: castTo(name, type.dtype, "f32", target), type: { ...type, dtype: "f32" } };
}

function product(operation: OperationOf<"matmul">, a: Value, b: Value, type: TensorType, target: Target): string {
  const { transposeA, transposeB } = operation;
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
  return target.add("BatchMatMulV2", [a.name, b.name], inBatches(operation, type));
}
