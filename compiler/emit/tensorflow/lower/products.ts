import { typeAttribute } from "../graphdef.ts";
import { at, type Lowering, reshapeTo } from "./context.ts";

/**
 * One matrix for all rows is one product of two matrices, whatever axes the rows have; many matrices are a product in
 * batches. Transposes are flags of the product, never copies.
 */
export const matmul: Lowering<"matmul"> = ({ transposeA, transposeB }, inputs, type, target) => {
  const a = at(inputs, 0);
  const b = at(inputs, 1);
  const flag = (value: boolean) => ({ kind: "bool", value }) as const;
  const inMatrices = { T: typeAttribute(type.dtype), transpose_a: flag(transposeA), transpose_b: flag(transposeB) };
  if (a.type.shape.length === 2 && b.type.shape.length === 2) {
    return target.add("MatMul", [a.name, b.name], inMatrices);
  }
  if (b.type.shape.length === 2 && !transposeA) {
    const inner = a.type.shape.at(-1) ?? 1;
    const rows = a.type.shape.slice(0, -1).reduce((product, size) => product * size, 1);
    const flat = reshapeTo(a.name, a.type.dtype, [rows, inner], target);
    const product = target.add("MatMul", [flat, b.name], inMatrices);
    return reshapeTo(product, type.dtype, type.shape, target);
  }
  return target.add("BatchMatMulV2", [a.name, b.name], {
    T: typeAttribute(type.dtype),
    adj_x: flag(transposeA),
    adj_y: flag(transposeB),
  });
};
