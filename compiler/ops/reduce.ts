import { at } from "../at.ts";
import { elementCount, type Node, type OperationOf, printType, type TensorType } from "../ir/types.ts";
import { inputAt, stridesOf, visit } from "./indexing.ts";
import { areAlignedBeside, keepsReduced, never } from "./rows.ts";
import { type Elements, inputsAndResult, noInput, type OperationRule, resolveAxis, type TensorData } from "./rule.ts";

function resolveAxes(axes: readonly number[], rank: number): ReadonlySet<number> {
  return new Set(axes.map((axis) => resolveAxis(axis, rank) ?? axis));
}

function reducedShape(input: TensorType, axes: readonly number[], keep: boolean): readonly number[] | string {
  for (const axis of axes) {
    if (resolveAxis(axis, input.shape.length) === null) return `${printType(input)} has no axis ${axis}`;
  }
  const reduced = resolveAxes(axes, input.shape.length);
  if (reduced.size < axes.length) return "an axis is named twice";
  return input.shape.flatMap((size, index) => (reduced.has(index) ? (keep ? [1] : []) : [size]));
}

/** The shape of an input with the reduced axes kept, each of size 1. */
function keptShape(shape: readonly number[], axes: readonly number[]): readonly number[] {
  const reduced = resolveAxes(axes, shape.length);
  return shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
}

/** Visits every element of a tensor with the place in the output that it goes to. */
function visitReduced(input: TensorData, axes: readonly number[], each: (from: number, to: number) => void): void {
  const { shape } = input.type;
  const kept = keptShape(shape, axes);
  const strides = stridesOf(kept).map((stride, axis) => (kept[axis] === 1 ? 0 : stride));
  visit(shape, [strides], (place, [to = 0]) => each(place, to));
}

const numbers = "it needs a tensor of numbers";

function reductionType(input: TensorType | undefined, axes: readonly number[], keep: boolean): TensorType | string {
  if (input === undefined || input.dtype === "bool") return numbers;
  const shape = reducedShape(input, axes, keep);
  return typeof shape === "string" ? shape : { dtype: input.dtype, shape };
}

/** Rows of an axis that is kept and not reduced over. */
function isBesideReduced(
  { axes, keep }: OperationOf<"sum" | "max">,
  inputs: readonly TensorType[],
  axis: number,
): boolean {
  const rank = at(inputs, 0).shape.length;
  return keep && axes.every((each) => resolveAxis(each, rank) !== axis);
}

export const sum: OperationRule<"sum"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: (context) => keepsReduced(context, context.operation.axes, context.operation.keep),
  isRowWise: isBesideReduced,
  isOfScores: false,
  isCheap: false,
  isMultilinear: true,
  equalInput: noInput,
  shorterForm: null,
  type: ({ axes, keep }, [input]) => reductionType(input, axes, keep),
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: (_, [input]) => (input === undefined ? 0 : elementCount(input)),
  saved: "nothing",
  derivative: ({ operation: { axes }, inputs: [input], gradient }, build) => {
    if (input === undefined) return [];
    return [build.broadcast(build.reshape(gradient, keptShape(input.type.shape, axes)), input.type.shape)];
  },
  evaluate: ({ axes }, inputs, _, output) => {
    const input = inputAt(inputs, 0);
    const totals = new Float64Array(output.length);
    visitReduced(input, axes, (from, to) => {
      totals[to] = (totals[to] ?? Number.NaN) + (input.data[from] ?? Number.NaN);
    });
    output.set(totals);
  },
};

export const max: OperationRule<"max"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: (context) => keepsReduced(context, context.operation.axes, context.operation.keep),
  isRowWise: isBesideReduced,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  type: ({ axes, keep }, [input]) => reductionType(input, axes, keep),
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: (_, [input]) => (input === undefined ? 0 : elementCount(input)),
  saved: "inputs",
  // Equal largest elements share the gradient.
  derivative: ({ operation: { axes }, inputs: [input], output, gradient }, build) => {
    if (input === undefined) return [];
    const { shape, dtype } = input.type;
    const kept = keptShape(shape, axes);
    const isLargest = build.add({ op: "equal" }, input, build.reshape(output, kept));
    const mask = build.add({ op: "cast", dtype }, isLargest);
    const share = build.add({ op: "div" }, build.reshape(gradient, kept), build.sum(mask, axes, true));
    return [build.mul(mask, share)];
  },
  evaluate: ({ axes }, inputs, _, output) => {
    const input = inputAt(inputs, 0);
    output.fill(Number.NEGATIVE_INFINITY);
    visitReduced(input, axes, (from, to) => {
      output[to] = Math.max(output[to] ?? Number.NaN, input.data[from] ?? Number.NaN);
    });
  },
};

export const argmax: OperationRule<"argmax"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: (context) => keepsReduced(context, [context.operation.axis], context.operation.keep),
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  type: ({ axis, keep }, [input]) => {
    const type = reductionType(input, [axis], keep);
    return typeof type === "string" ? type : { dtype: "i32", shape: type.shape };
  },
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: (_, [input]) => (input === undefined ? 0 : elementCount(input)),
  saved: "nothing",
  derivative: null,
  // The first of several largest elements.
  evaluate: ({ axis }, inputs, _, output) => {
    const input = inputAt(inputs, 0);
    const best = new Float64Array(output.length).fill(Number.NEGATIVE_INFINITY);
    const seen = new Float64Array(output.length);
    visitReduced(input, [axis], (from, to) => {
      const value = input.data[from] ?? Number.NaN;
      const place = seen[to] ?? Number.NaN;
      if (value > (best[to] ?? Number.NaN)) {
        best[to] = value;
        output[to] = place;
      }
      seen[to] = place + 1;
    });
  },
};

const floats = "it needs floating-point numbers";

function normalised(name: "softmax" | "log_softmax"): Omit<OperationRule<"softmax" | "log_softmax">, "derivative"> {
  return {
    isElementwise: false,
    ofUniform: "not uniform",
    movesElements: false,
    numbers: null,
    isRandom: false,
    keepsRows: areAlignedBeside,
    isRowWise: never,
    isOfScores: name === "softmax",
    isCheap: false,
    isMultilinear: false,
    equalInput: noInput,
    shorterForm: null,
    type: ({ axis }, [input]) => {
      if (input?.dtype !== "f32" && input?.dtype !== "bf16") return floats;
      return resolveAxis(axis, input.shape.length) === null ? `${printType(input)} has no axis ${axis}` : input;
    },
    isProduct: false,
    bytesMoved: inputsAndResult,
    flops: (_, __, output) => 5 * elementCount(output),
    saved: "output",
    evaluate: ({ axis }, inputs, _, output) =>
      evaluateSoftmax(inputAt(inputs, 0), axis, output, name === "log_softmax"),
  };
}

/** Softmax along an axis: subtract the largest, exponentiate, divide by the sum. */
export const softmax: OperationRule<"softmax"> = {
  ...normalised("softmax"),
  derivative: ({ operation: { axis }, output, gradient }, build) => {
    const weighted = build.sum(build.mul(gradient, output), [axis], true);
    return [build.mul(output, build.add({ op: "sub" }, gradient, weighted))];
  },
};

/** Its logarithm, without taking the logarithm of a small number. */
export const logSoftmax: OperationRule<"log_softmax"> = {
  ...normalised("log_softmax"),
  derivative: ({ operation: { axis }, output, gradient }, build) => {
    const total: Node = build.sum(gradient, [axis], true);
    return [build.add({ op: "sub" }, gradient, build.mul(build.add({ op: "exp" }, output), total))];
  },
};

function evaluateSoftmax(input: TensorData, axis: number, output: Elements, logarithm: boolean): void {
  const { shape } = input.type;
  const rows = keptShape(shape, [axis]).reduce((product, size) => product * size, 1);
  const largest = new Float64Array(rows).fill(Number.NEGATIVE_INFINITY);
  const totals = new Float64Array(rows);
  visitReduced(input, [axis], (from, to) => {
    largest[to] = Math.max(largest[to] ?? Number.NaN, input.data[from] ?? Number.NaN);
  });
  visitReduced(input, [axis], (from, to) => {
    totals[to] = (totals[to] ?? Number.NaN) + Math.exp((input.data[from] ?? Number.NaN) - (largest[to] ?? Number.NaN));
  });
  visitReduced(input, [axis], (from, to) => {
    const shifted = (input.data[from] ?? Number.NaN) - (largest[to] ?? Number.NaN);
    const total = totals[to] ?? Number.NaN;
    output[from] = logarithm ? shifted - Math.log(total) : Math.exp(shifted) / total;
  });
}
