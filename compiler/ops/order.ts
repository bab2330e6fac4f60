import { elementCount, printType } from "../ir/types.ts";
import { inputAt, sizeAlong, sizeAt, stridesOf } from "./indexing.ts";
import { areAlignedBeforeLast, areAlignedBeside, never } from "./rows.ts";
import { inputsAndResult, noInput, type OperationRule, resolveAxis } from "./rule.ts";

/** Sums along an axis of the elements up to each place, that one included; in reverse, from it on. */
export const cumsum: OperationRule<"cumsum"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: areAlignedBeside,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: true,
  equalInput: noInput,
  shorterForm: null,
  type: ({ axis }, [input]) => {
    if (input === undefined || input.dtype === "bool") return "it needs a tensor of numbers";
    return resolveAxis(axis, input.shape.length) === null ? `${printType(input)} has no axis ${axis}` : input;
  },
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: (_, __, output) => elementCount(output),
  saved: "nothing",
  derivative: ({ operation: { axis, reverse }, gradient }, build) => [
    build.add({ op: "cumsum", axis, reverse: !reverse }, gradient),
  ],
  evaluate: ({ axis, reverse }, inputs, { shape }, output) => {
    const { data } = inputAt(inputs, 0);
    const along = resolveAxis(axis, shape.length) ?? axis;
    const [size, stride] = [sizeAt(shape, along), sizeAt(stridesOf(shape), along)];
    for (let start = 0; start < output.length; start++) {
      if (Math.floor(start / stride) % size !== 0) continue;
      let total = 0;
      for (let step = 0; step < size; step++) {
        const place = start + stride * (reverse ? size - 1 - step : step);
        total += data[place] ?? Number.NaN;
        output[place] = total;
      }
    }
  },
};

/** The places of the first `count` elements along the last axis in their order; of equal elements the first comes first. */
export const argsort: OperationRule<"argsort"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: areAlignedBeforeLast,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  type: ({ count }, [input]) => {
    if (input === undefined || input.dtype === "bool") return "it needs a tensor of numbers";
    if (input.shape.length === 0) return "it needs a tensor of at least one axis";
    const size = sizeAlong(input.shape, -1);
    // ONNX Runtime ends the process where there is nothing to order.
    if (elementCount(input) === 0) return `${printType(input)} has no elements to order`;
    if (!Number.isSafeInteger(count) || count < 1 || count > size)
      return `${printType(input)} has ${size} elements along its axis, not ${count}`;
    return { dtype: "i32", shape: input.shape.with(-1, count) };
  },
  // Of each row, n log n comparisons.
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: (_, [input]) => {
    if (input === undefined) return 0;
    return Math.round(elementCount(input) * Math.log2(Math.max(2, sizeAlong(input.shape, -1))));
  },
  saved: "nothing",
  derivative: null,
  evaluate: ({ descending, count }, inputs, _, output) => {
    const { type, data } = inputAt(inputs, 0);
    const size = sizeAlong(type.shape, -1);
    const places = Array.from({ length: size }, (_each, place) => place);
    for (let row = 0; row * count < output.length; row++) {
      const valueAt = (place: number): number => data[row * size + place] ?? Number.NaN;
      const sign = descending ? -1 : 1;
      const sorted = places.toSorted((a, b) => sign * (valueAt(a) - valueAt(b)) || a - b);
      output.set(sorted.slice(0, count), row * count);
    }
  },
};
