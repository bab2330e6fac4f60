import { elementCount, printType } from "../ir/types.ts";
import type { OperationRule } from "./rule.ts";

/**
 * Matrix product of the last two axes: [..., n, k] x [..., k, m] -> [..., n, m]. The axes before them are equal in both, or
 * only one has them.
 */
export const matmul: OperationRule<"matmul"> = {
  type: ({ transposeA, transposeB }, [a, b]) => {
    if (a === undefined || b === undefined) return "it needs two tensors";
    const shapes = `${printType(a)} and ${printType(b)}`;
    if (a.dtype !== b.dtype || (a.dtype !== "f32" && a.dtype !== "bf16"))
      return `${shapes} are not both floating-point`;
    if (a.shape.length < 2 || b.shape.length < 2) return `${shapes} are not both matrices`;
    const [rows = 0, innerA = 0] = lastTwo(a.shape, transposeA);
    const [innerB = 0, columns = 0] = lastTwo(b.shape, transposeB);
    if (innerA !== innerB) {
      const flags = [transposeA ? "transpose_a" : "", transposeB ? "transpose_b" : ""].filter((flag) => flag !== "");
      const how = flags.length === 0 ? "" : ` with ${flags.join(" and ")}`;
      return `${shapes} cannot be multiplied${how}: ${innerA} is not ${innerB}`;
    }
    const batchA = a.shape.slice(0, -2);
    const batchB = b.shape.slice(0, -2);
    const same = batchA.length === batchB.length && batchA.every((size, index) => size === batchB[index]);
    if (!same && batchA.length > 0 && batchB.length > 0) return `${shapes} have different axes before their matrices`;
    return { dtype: a.dtype, shape: [...(batchA.length > 0 ? batchA : batchB), rows, columns] };
  },
  flops: ({ transposeA }, [a], output) => {
    const inner = a === undefined ? 0 : (lastTwo(a.shape, transposeA)[1] ?? 0);
    return 2 * elementCount(output) * inner;
  },
  saved: "inputs",
};

function lastTwo(shape: readonly number[], transposed: boolean): readonly number[] {
  const last = shape.slice(-2);
  return transposed ? last.toReversed() : last;
}
