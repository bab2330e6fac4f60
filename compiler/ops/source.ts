import { noFlops, type OperationRule } from "./rule.ts";

/** Values that are given: what is fed, what is learned, and constants. */
export const given: OperationRule<"input" | "parameter" | "constant"> = {
  type: ({ type }) => type,
  flops: noFlops,
  saved: "nothing",
};

/** The numbers from 0 up. */
export const iota: OperationRule<"iota"> = {
  type: ({ size }) => ({ dtype: "i32", shape: [size] }),
  flops: noFlops,
  saved: "nothing",
};
