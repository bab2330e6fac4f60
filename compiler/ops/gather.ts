import { at } from "../at.ts";
import { elementCount, printType } from "../ir/types.ts";
import { inputAt, sizeAt } from "./indexing.ts";
import { never } from "./rows.ts";
import { noFlops, noInput, type OperationRule } from "./rule.ts";

/** Rows of a table by number: [rows, ...], i32[ids] -> [ids, ...]. A number beyond the table gives zeros. */
export const gather: OperationRule<"gather"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: (_, inputs) => ({ input: 1, limit: sizeAt(at(inputs, 0).shape, 0) }),
  isRandom: false,
  keepsRows: ({ axis, axisOf }) => axisOf(0) === null && axisOf(1) === axis,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  type: (_, [table, ids]) => {
    if (table === undefined || ids === undefined) return "it needs a table and numbers";
    if (ids.dtype !== "i32") return `the numbers of rows are i32, not ${printType(ids)}`;
    if (table.shape.length === 0) return "its table has no rows";
    return { dtype: table.dtype, shape: [...ids.shape, ...table.shape.slice(1)] };
  },
  flops: noFlops,
  saved: "inputs",
  derivative: ({ inputs: [table, ids], gradient }, build) => {
    if (table === undefined || ids === undefined) return [];
    return [build.add({ op: "scatter_add", rows: sizeAt(table.type.shape, 0) }, ids, gradient), null];
  },
  evaluate: (_, inputs, __, output) => {
    const { type, data } = inputAt(inputs, 0);
    const ids = inputAt(inputs, 1).data;
    const width = elementCount({ ...type, shape: type.shape.slice(1) });
    for (const [index, id] of ids.entries()) {
      // Beyond the table there is nothing to read, which means 0.
      for (let column = 0; column < width; column++) output[index * width + column] = data[id * width + column] ?? 0;
    }
  },
};

/** Adds rows to a table of zeros: i32[ids], [ids, ...] -> [rows, ...]. */
export const scatterAdd: OperationRule<"scatter_add"> = {
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
  type: ({ rows }, [ids, values]) => {
    if (ids?.dtype !== "i32" || values === undefined) return "it needs numbers of type i32 and rows";
    const fits = ids.shape.every((size, axis) => size === values.shape[axis]);
    if (!fits) return `${printType(values)} has not a row for each of ${printType(ids)}`;
    return { dtype: values.dtype, shape: [rows, ...values.shape.slice(ids.shape.length)] };
  },
  flops: (_, [, values]) => (values === undefined ? 0 : elementCount(values)),
  saved: "inputs",
  derivative: ({ inputs: [ids], gradient }, build) =>
    ids === undefined ? [] : [null, build.add({ op: "gather" }, gradient, ids)],
  evaluate: ({ rows }, inputs, type, output) => {
    const ids = inputAt(inputs, 0).data;
    const { data } = inputAt(inputs, 1);
    const width = elementCount({ ...type, shape: type.shape.slice(1) });
    output.fill(0);
    for (const [index, id] of ids.entries()) {
      if (id < 0 || id >= rows) continue;
      for (let column = 0; column < width; column++) {
        const place = id * width + column;
        output[place] = (output[place] ?? Number.NaN) + (data[index * width + column] ?? Number.NaN);
      }
    }
  },
};

export const oneHot: OperationRule<"one_hot"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: ({ depth }) => ({ input: 0, limit: depth }),
  isRandom: false,
  keepsRows: ({ axis, axisOf }) => axisOf(0) === axis,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  type: ({ depth }, [ids]) => {
    if (ids?.dtype !== "i32") return "it needs numbers of type i32";
    return { dtype: "f32", shape: [...ids.shape, depth] };
  },
  flops: noFlops,
  saved: "nothing",
  derivative: null,
  evaluate: ({ depth }, inputs, _, output) => {
    output.fill(0);
    for (const [index, id] of inputAt(inputs, 0).data.entries())
      if (id >= 0 && id < depth) output[index * depth + id] = 1;
  },
};
