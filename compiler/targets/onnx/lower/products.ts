import { at, type Value } from "../../lowering/index.ts";
import { int, ints } from "../messages.ts";
import { type Lowering, reshapeTo, type Target } from "./context.ts";

/**
 * One matrix for all rows is one product of two matrices, whose transposes are flags. Products in batches have no flags in
 * ONNX; runtimes fold a transpose of the last two axes into them.
 */
export const matmul: Lowering<"matmul"> = ({ transposeA, transposeB }, inputs, type, target) => {
  const a = at(inputs, 0);
  const b = at(inputs, 1);
  const flags = { transA: int(transposeA ? 1 : 0), transB: int(transposeB ? 1 : 0) };
  if (a.type.shape.length === 2 && b.type.shape.length === 2) return target.add("Gemm", [a.name, b.name], flags);
  if (b.type.shape.length === 2 && !transposeA) {
    const inner = a.type.shape.at(-1) ?? 1;
    const rows = a.type.shape.slice(0, -1).reduce((size, each) => size * each, 1);
    const flat = reshapeTo(a.name, [rows, inner], target);
    return reshapeTo(target.add("Gemm", [flat, b.name], flags), type.shape, target);
  }
  return target.add("MatMul", [turned(a, transposeA, target), turned(b, transposeB, target)]);
};

function turned({ name, type: { shape } }: Value, isTurned: boolean, target: Target): string {
  if (!isTurned) return name;
  const last = shape.length - 1;
  const order = shape.map((_, axis) => (axis === last ? last - 1 : axis === last - 1 ? last : axis));
  return target.add("Transpose", [name], { perm: ints(order) });
}
