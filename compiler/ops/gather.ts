import { at } from "../at.ts";
import { elementCount, printType } from "../ir/types.ts";
import { inputAt, sizeAt } from "./indexing.ts";
import { never } from "./rows.ts";
import { inputsAndResult, noFlops, noInput, type OperationRule, resolveAxis, resultTwice } from "./rule.ts";

/** Rows of a table by number, along one of its axes: [rows, ...], i32[ids] -> [ids, ...]. A number beyond it gives zeros. */
export const gather: OperationRule<"gather"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: ({ axis }, inputs) => ({ input: 1, limit: sizeAt(at(inputs, 0).shape, axis) }),
  isRandom: false,
  keepsRows: ({ operation, inputs, axis, axisOf }) => {
    const [ofTable, ofIds] = [axisOf(0), axisOf(1)];
    if (ofTable === null) return ofIds !== null && axis === operation.axis + ofIds;
    const moved = ofTable < operation.axis ? ofTable : ofTable + at(inputs, 1).shape.length - 1;
    return ofIds === null && ofTable !== operation.axis && axis === moved;
  },
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  type: ({ axis }, [table, ids]) => {
    if (table === undefined || ids === undefined) return "it needs a table and numbers";
    if (ids.dtype !== "i32") return `the numbers of rows are i32, not ${printType(ids)}`;
    if (table.shape.length === 0) return "its table has no rows";
    if (axis < 0 || resolveAxis(axis, table.shape.length) === null) return `${printType(table)} has no axis ${axis}`;
    return { dtype: table.dtype, shape: table.shape.toSpliced(axis, 1, ...ids.shape) };
  },
  isProduct: false,
  bytesMoved: resultTwice,
  flops: noFlops,
  saved: "inputs",
  derivative: ({ operation: { axis }, inputs: [table, ids], gradient }, build) => {
    if (table === undefined || ids === undefined) return [];
    const rows = sizeAt(table.type.shape, axis);
    const axes = gradient.type.shape.map((_, each) => each);
    const ofIds = axes.slice(axis, axis + ids.type.shape.length);
    const inFront = [...ofIds, ...axes.filter((each) => !ofIds.includes(each))];
    const moved = axis === 0 ? gradient : build.add({ op: "transpose", permutation: inFront }, gradient);
    const added = build.add({ op: "scatter_add", rows }, ids, moved);
    const back = table.type.shape.map((_, each) => (each < axis ? each + 1 : each === axis ? 0 : each));
    return [axis === 0 ? added : build.add({ op: "transpose", permutation: back }, added), null];
  },
  evaluate: ({ axis }, inputs, __, output) => {
    const { type, data } = inputAt(inputs, 0);
    const ids = inputAt(inputs, 1).data;
    const width = elementCount({ ...type, shape: type.shape.slice(axis + 1) });
    const tables = elementCount({ ...type, shape: type.shape.slice(0, axis) });
    const rows = sizeAt(type.shape, axis);
    for (let table = 0; table < tables; table++) {
      for (const [index, id] of ids.entries()) {
        const to = (table * ids.length + index) * width;
        const from = (table * rows + id) * width;
        const isThere = id >= 0 && id < rows;
        for (let column = 0; column < width; column++)
          output[to + column] = isThere ? (data[from + column] ?? Number.NaN) : 0;
      }
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
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: (_, [, values]) => (values === undefined ? 0 : elementCount(values)),
  saved: "inputs",
  derivative: ({ inputs: [ids], gradient }, build) =>
    ids === undefined ? [] : [null, build.add({ op: "gather", axis: 0 }, gradient, ids)],
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
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: noFlops,
  saved: "nothing",
  derivative: null,
  evaluate: ({ depth }, inputs, _, output) => {
    output.fill(0);
    for (const [index, id] of inputAt(inputs, 0).data.entries())
      if (id >= 0 && id < depth) output[index * depth + id] = 1;
  },
};
