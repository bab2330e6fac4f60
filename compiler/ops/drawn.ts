import { never } from "./rows.ts";
import { noBytes, noFlops, noInput } from "./rule.ts";

/** Of an operation that has no inputs and draws by a seed. */
export const drawnBySeed = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  // The seed is a number of the spec: each run draws the same.
  isRandom: false,
  keepsRows: never,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  isProduct: false,
  bytesMoved: noBytes,
  flops: noFlops,
  saved: "nothing",
  derivative: null,
} as const;
