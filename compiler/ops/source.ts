import { noFlops, type OperationRule } from "./rule.ts";

/** What is fed and what is learned: the evaluator is given their values. */
export const given: OperationRule<"input" | "parameter"> = {
  type: ({ type }) => type,
  flops: noFlops,
  saved: "nothing",
  derivative: null,
  evaluate: () => {
    throw new Error("inputs and parameters are given to a program");
  },
};

export const constant: OperationRule<"constant"> = {
  type: ({ type }) => type,
  flops: noFlops,
  saved: "nothing",
  derivative: null,
  evaluate: ({ value }, _, __, output) => output.fill(value),
};

/** The numbers from 0 up. */
export const iota: OperationRule<"iota"> = {
  type: ({ size }) => ({ dtype: "i32", shape: [size] }),
  flops: noFlops,
  saved: "nothing",
  derivative: null,
  evaluate: (_, __, ___, output) => {
    for (let place = 0; place < output.length; place++) output[place] = place;
  },
};
