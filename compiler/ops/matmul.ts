import type { Build } from "../ir/build.ts";
import { elementCount, type Node, type OperationOf, printType, type TensorType } from "../ir/types.ts";
import { inputAt, sizeAt } from "./indexing.ts";
import { keepsProduct } from "./rows.ts";
import { inputsAndResult, noInput, type OperationRule } from "./rule.ts";

/**
 * Matrix product of the last two axes: [..., n, k] x [..., k, m] -> [..., n, m]. The axes before them are equal in both, or
 * only one has them.
 */
export const matmul: OperationRule<"matmul"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: keepsProduct,
  isRowWise: isRowProjection,
  isOfScores: false,
  isCheap: false,
  isMultilinear: true,
  equalInput: noInput,
  shorterForm: null,
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
  isProduct: true,
  bytesMoved: inputsAndResult,
  flops: ({ transposeA }, [a], output) => {
    return a === undefined ? 0 : 2 * elementCount(output) * sizeAt(lastTwo(a.shape, transposeA), 1);
  },
  saved: "inputs",
  derivative: ({ operation: { transposeA, transposeB }, inputs: [a, b], gradient, needs }, build) => {
    if (a === undefined || b === undefined) return [];
    return [
      needs(0) ? gradientOfA(a, b, transposeA, transposeB, gradient, build) : null,
      needs(1) ? gradientOfB(a, b, transposeA, transposeB, gradient, build) : null,
    ];
  },
  evaluate: ({ transposeA, transposeB }, inputs, type, output) => {
    const a = inputAt(inputs, 0);
    const b = inputAt(inputs, 1);
    const [rows = 0, inner = 0] = lastTwo(a.type.shape, transposeA);
    const columns = sizeAt(type.shape, type.shape.length - 1);
    const sizeA = a.type.shape.length > 2 ? rows * inner : 0;
    const sizeB = b.type.shape.length > 2 ? inner * columns : 0;
    const [rowA, innerA] = transposeA ? [1, rows] : [inner, 1];
    const [innerB, columnB] = transposeB ? [1, inner] : [columns, 1];
    for (let place = 0; place < output.length; place++) {
      const matrix = Math.floor(place / (rows * columns));
      const row = Math.floor(place / columns) % rows;
      const column = place % columns;
      let at = matrix * sizeA + row * rowA;
      let bt = matrix * sizeB + column * columnB;
      let sum = 0;
      for (let step = 0; step < inner; step++) {
        sum += (a.data[at] ?? Number.NaN) * (b.data[bt] ?? Number.NaN);
        at += innerA;
        bt += innerB;
      }
      output[place] = sum;
    }
  },
};

/** A product of rows with one matrix for all of them. */
export function isRowProjection({ transposeA }: OperationOf<"matmul">, [a, b]: readonly TensorType[]): boolean {
  return !transposeA && a !== undefined && a.shape.length > 2 && b?.shape.length === 2;
}

function product(a: Node, b: Node, transposeA: boolean, transposeB: boolean, build: Build): Node {
  return build.add({ op: "matmul", transposeA, transposeB }, a, b);
}

/** dA = dC B^T, and the transpose of that when A is read transposed; the sum over what A was repeated for. */
function gradientOfA(a: Node, b: Node, tA: boolean, tB: boolean, gradient: Node, build: Build): Node {
  const whole = tA ? product(b, gradient, tB, true, build) : product(gradient, b, false, !tB, build);
  return build.sumTo(whole, a.type.shape);
}

/** dB = A^T dC. One matrix B for many A is one product over all their rows, not a sum of many. */
function gradientOfB(a: Node, b: Node, tA: boolean, tB: boolean, gradient: Node, build: Build): Node {
  let [left, right] = [a, gradient];
  if (b.type.shape.length === 2 && a.type.shape.length > 2 && !tA) {
    left = build.reshape(a, flattened(a));
    right = build.reshape(gradient, flattened(gradient));
  }
  const whole = tB ? product(right, left, true, tA, build) : product(left, right, !tA, false, build);
  return build.sumTo(whole, b.type.shape);
}

/** All axes but the last in one. */
function flattened({ type }: Node): readonly [number, number] {
  const columns = sizeAt(type.shape, type.shape.length - 1);
  return [type.shape.slice(0, -1).reduce((rows, size) => rows * size, 1), columns];
}

function lastTwo(shape: readonly number[], transposed: boolean): readonly number[] {
  const last = shape.slice(-2);
  return transposed ? last.toReversed() : last;
}
