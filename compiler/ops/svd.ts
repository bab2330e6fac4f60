import { printType } from "../ir/types.ts";
import { inputAt, sizeAt } from "./indexing.ts";
import { never } from "./rows.ts";
import { type Elements, inputsAndResult, noInput, type OperationRule } from "./rule.ts";
import { type SingularVectors, singularVectors } from "./singular-vectors.ts";

/** A part of a singular value decomposition, [rows, rank], [rank] or [rank, columns]: in first values alone. */
export const svd: OperationRule<"svd"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: never,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  type: ({ rank, part }, [matrix]) => {
    const [rows, columns, ...more] = matrix?.shape ?? [];
    if (matrix?.dtype !== "f32" && matrix?.dtype !== "bf16") return "it needs floating-point numbers";
    if (rows === undefined || columns === undefined || more.length > 0) return `${printType(matrix)} is not a matrix`;
    if (!Number.isSafeInteger(rank) || rank < 1 || rank > Math.min(rows, columns))
      return `${printType(matrix)} has ${Math.min(rows, columns)} singular values, and ${rank} cannot be taken`;
    return { dtype: "f32", shape: { left: [rows, rank], values: [rank], right: [rank, columns] }[part] };
  },
  // The product of the matrix with itself, and the reduction and rotations of that.
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: (_, [matrix]) => {
    const [rows = 0, columns = 0] = matrix?.shape ?? [];
    const short = Math.min(rows, columns);
    return rows * columns * short + 9 * short ** 3;
  },
  saved: "nothing",
  derivative: null,
  evaluate: ({ rank, part }, inputs, _, output) => {
    const { data, type } = inputAt(inputs, 0);
    const { left, values, right } = decomposed(data, sizeAt(type.shape, 0), sizeAt(type.shape, 1), rank);
    if (part === "values") output.set(values);
    else if (part === "right") for (const [place, row] of right.entries()) output.set(row, place * row.length);
    else
      for (const [column, vector] of left.entries())
        for (const [row, value] of vector.entries()) output[row * rank + column] = value;
  },
};

interface Decomposed {
  readonly matrix: Elements;
  readonly columns: number;
  readonly rank: number;
  readonly vectors: SingularVectors;
}

/** What was decomposed last: the parts of one decomposition are asked for one after the other. */
let last: Decomposed | null = null;

function decomposed(matrix: Elements, rows: number, columns: number, rank: number): SingularVectors {
  const isKnown =
    last?.rank === rank &&
    last.columns === columns &&
    last.matrix.length === matrix.length &&
    last.matrix.every((value, place) => Object.is(value, matrix[place]));
  if (isKnown && last !== null) return last.vectors;
  const vectors = singularVectors(matrix, rows, columns, rank);
  last = { matrix: matrix.slice(), columns, rank, vectors };
  return vectors;
}
