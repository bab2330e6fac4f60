import { elementCount } from "../ir/types.ts";
import { uniformAt } from "./functions.ts";
import { inputAt } from "./indexing.ts";
import { areAligned, never } from "./rows.ts";
import { inputsAndResult, noFlops, noInput, type OperationRule } from "./rule.ts";

/** What the spec asks for; a training program replaces it by a product with random zeros, the others by its input. */
export const dropout: OperationRule<"dropout"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: true,
  keepsRows: areAligned,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  type: ({ rate }, [input]) => {
    if (input?.dtype !== "f32" && input?.dtype !== "bf16") return "it needs floating-point numbers";
    return rate >= 0 && rate < 1 ? input : `its rate ${rate} is not a probability below 1`;
  },
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: (_, __, output) => 2 * elementCount(output),
  saved: "inputs",
  derivative: ({ gradient }) => [gradient],
  evaluate: (_, inputs, __, output) => output.set(inputAt(inputs, 0).data),
};

/** As dropout, a training program replaces it by what random numbers make of it, the others by zeros. */
export const draw: OperationRule<"draw"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: true,
  keepsRows: areAligned,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  type: ({ from, shape }) => {
    if (from.kind === "normal")
      return from.standardDeviation >= 0
        ? { dtype: "f32", shape }
        : `its standard deviation ${from.standardDeviation} is negative`;
    return from.bound >= 0 ? { dtype: "f32", shape } : `its bound ${from.bound} is negative`;
  },
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: (_, __, output) => 2 * elementCount(output),
  saved: "nothing",
  derivative: null,
  evaluate: (_, __, ___, output) => output.fill(0),
};

export const randomUniform: OperationRule<"random_uniform"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: true,
  keepsRows: never,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  type: ({ shape }, [step]) => {
    const isNumber = step?.dtype === "i32" && step.shape.length === 0;
    return isNumber ? { dtype: "f32", shape } : "its step is one number of type i32";
  },
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: noFlops,
  saved: "nothing",
  derivative: null,
  evaluate: ({ seed, site }, inputs, _, output) => {
    const step = inputAt(inputs, 0).data[0] ?? Number.NaN;
    for (let place = 0; place < output.length; place++) output[place] = uniformAt(seed, step, site, place);
  },
};
