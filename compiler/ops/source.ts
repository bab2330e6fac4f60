import type { OperationName } from "../ir/types.ts";
import { never } from "./rows.ts";
import { noBytes, noFlops, noInput, type OperationRule, type OperationTraits } from "./rule.ts";

/** What has no inputs, and is there for all that read it. */
const source: Omit<OperationTraits<OperationName>, "keepsRows"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
};

/** What is fed and what is learned: the evaluator is given their values. */
const given: Omit<OperationRule<"input" | "parameter">, "keepsRows"> = {
  ...source,
  type: ({ type }) => type,
  isProduct: false,
  bytesMoved: noBytes,
  flops: noFlops,
  saved: "nothing",
  derivative: null,
  evaluate: () => {
    throw new Error("inputs and parameters are given to a program");
  },
};

/** Micro-batches of an input are cut one after the other. */
export const input: OperationRule<"input"> = { ...given, keepsRows: ({ axis }) => axis === 0 };

export const parameter: OperationRule<"parameter"> = { ...given, keepsRows: never };

export const constant: OperationRule<"constant"> = {
  ...source,
  // All of its elements are one number.
  keepsRows: () => true,
  type: ({ type }) => type,
  isProduct: false,
  bytesMoved: noBytes,
  flops: noFlops,
  saved: "nothing",
  derivative: null,
  evaluate: ({ value }, _, __, output) => output.fill(value),
};

/** The numbers from 0 up. */
export const iota: OperationRule<"iota"> = {
  ...source,
  keepsRows: never,
  type: ({ size }) => ({ dtype: "i32", shape: [size] }),
  isProduct: false,
  bytesMoved: noBytes,
  flops: noFlops,
  saved: "nothing",
  derivative: null,
  evaluate: (_, __, ___, output) => {
    for (let place = 0; place < output.length; place++) output[place] = place;
  },
};
