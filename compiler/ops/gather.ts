import { printType } from "../ir/types.ts";
import { noFlops, type OperationRule } from "./rule.ts";

/** Rows of a table by number: [rows, ...], i32[ids] -> [ids, ...]. */
export const gather: OperationRule<"gather"> = {
  type: (_, [table, ids]) => {
    if (table === undefined || ids === undefined) return "it needs a table and numbers";
    if (ids.dtype !== "i32") return `the numbers of rows are i32, not ${printType(ids)}`;
    if (table.shape.length === 0) return "its table has no rows";
    return { dtype: table.dtype, shape: [...ids.shape, ...table.shape.slice(1)] };
  },
  flops: noFlops,
  saved: "inputs",
};

export const oneHot: OperationRule<"one_hot"> = {
  type: ({ depth }, [ids]) => {
    if (ids?.dtype !== "i32") return "it needs numbers of type i32";
    return { dtype: "f32", shape: [...ids.shape, depth] };
  },
  flops: noFlops,
  saved: "nothing",
};
