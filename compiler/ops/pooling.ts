import { elementCount, type OperationName, type OperationOf, printType, type TensorType } from "../ir/types.ts";
import { inputAt, sizeAt } from "./indexing.ts";
import { never } from "./rows.ts";
import { inputsAndResult, noInput, type OperationRule, type OperationTraits, type RowContext } from "./rule.ts";
import { problemOf, visitWindows, windowCounts, withoutGaps } from "./windows.ts";

type PoolName = "max_pool" | "max_pool_input" | "avg_pool" | "avg_pool_input";

const pooled = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  equalInput: noInput,
  shorterForm: null,
} as const satisfies Partial<OperationTraits<OperationName>>;

/** Examples and channels are apart. */
function keepsRows({ inputs, output, axis, axisOf }: RowContext<PoolName>): boolean {
  const isApart = axis === 0 || axis === output.shape.length - 1;
  return isApart && inputs.every((_, input) => axisOf(input) === axis);
}

/** The largest of each window over the axes between the batch and the channels; padding is never the largest. */
export const maxPool: OperationRule<"max_pool"> = {
  ...pooled,
  keepsRows,
  isMultilinear: false,
  type: poolType,
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: ({ kernel }, _, output) => elementCount(output) * tapsOf(kernel),
  saved: "inputs",
  derivative: ({ operation, inputs: [input], gradient }, build) =>
    input === undefined ? [] : [build.add({ ...operation, op: "max_pool_input" }, input, gradient)],
  evaluate: (operation, inputs, type, output) => {
    const input = inputAt(inputs, 0);
    output.fill(Number.NEGATIVE_INFINITY);
    visitPool(operation, input.type.shape, type.shape, (from, to) => {
      output[to] = Math.max(output[to] ?? Number.NaN, input.data[from] ?? Number.NaN);
    });
  },
};

/** The first of several largest elements of a window takes its gradient, as in PyTorch. */
export const maxPoolInput: OperationRule<"max_pool_input"> = {
  ...pooled,
  keepsRows,
  isMultilinear: false,
  type: (_, [input, gradient]) =>
    input === undefined || gradient === undefined ? "it needs an input and a gradient" : input,
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: ({ kernel }, [, gradient]) => (gradient === undefined ? 0 : elementCount(gradient) * tapsOf(kernel)),
  saved: "nothing",
  derivative: null,
  evaluate: (operation, inputs, _, output) => {
    const input = inputAt(inputs, 0);
    const gradient = inputAt(inputs, 1);
    const best = new Float64Array(gradient.data.length).fill(Number.NEGATIVE_INFINITY);
    const place = new Float64Array(gradient.data.length).fill(-1);
    visitPool(operation, input.type.shape, gradient.type.shape, (from, to) => {
      const value = input.data[from] ?? Number.NaN;
      if ((place[to] ?? -1) >= 0 && value <= (best[to] ?? Number.NaN)) return;
      best[to] = value;
      place[to] = from;
    });
    output.fill(0);
    for (const [to, from] of place.entries())
      output[from] = (output[from] ?? Number.NaN) + (gradient.data[to] ?? Number.NaN);
  },
};

/** The mean of each window, in which padding counts as zeros. */
export const avgPool: OperationRule<"avg_pool"> = {
  ...pooled,
  keepsRows,
  isMultilinear: true,
  type: poolType,
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: ({ kernel }, _, output) => elementCount(output) * tapsOf(kernel),
  saved: "nothing",
  derivative: ({ operation, inputs: [input], gradient }, build) =>
    input === undefined
      ? []
      : [build.add({ ...operation, op: "avg_pool_input", sizes: input.type.shape.slice(1, -1) }, gradient)],
  evaluate: (operation, inputs, type, output) => {
    const input = inputAt(inputs, 0);
    const totals = new Float64Array(output.length);
    visitPool(operation, input.type.shape, type.shape, (from, to) => {
      totals[to] = (totals[to] ?? Number.NaN) + (input.data[from] ?? Number.NaN);
    });
    const taps = tapsOf(operation.kernel);
    output.set(totals.map((total) => total / taps));
  },
};

/** Each element of a window has an equal part of its gradient. */
export const avgPoolInput: OperationRule<"avg_pool_input"> = {
  ...pooled,
  keepsRows,
  isMultilinear: true,
  type: ({ sizes }, [gradient]) => {
    if (gradient === undefined) return "it needs a gradient";
    return {
      dtype: gradient.dtype,
      shape: [sizeAt(gradient.shape, 0), ...sizes, sizeAt(gradient.shape, gradient.shape.length - 1)],
    };
  },
  isProduct: false,
  bytesMoved: inputsAndResult,
  flops: ({ kernel }, [gradient]) => (gradient === undefined ? 0 : elementCount(gradient) * tapsOf(kernel)),
  saved: "nothing",
  derivative: null,
  evaluate: (operation, inputs, type, output) => {
    const gradient = inputAt(inputs, 0);
    const totals = new Float64Array(output.length);
    const taps = tapsOf(operation.kernel);
    visitPool(operation, type.shape, gradient.type.shape, (from, to) => {
      totals[from] = (totals[from] ?? Number.NaN) + (gradient.data[to] ?? Number.NaN) / taps;
    });
    output.set(totals);
  },
};

function poolType(
  operation: OperationOf<"max_pool" | "avg_pool">,
  [input]: readonly TensorType[],
): TensorType | string {
  if (input === undefined) return "it needs a tensor";
  if (input.dtype !== "f32" && input.dtype !== "bf16") return "it needs floating-point numbers";
  const axes = input.shape.length - 2;
  if (axes < 1 || axes > 3)
    return `${printType(input)} is not [batch, ..., channels] with one to three axes between them`;
  const windows = withoutGaps(operation);
  const problem = problemOf(windows, axes);
  if (problem !== null) return problem;
  const { kernel, padding } = operation;
  if (padding.some((amounts, axis) => amounts.some((amount) => amount >= sizeAt(kernel, axis))))
    return "its padding is smaller than its kernel: no window is of padding alone";
  const counts = windowCounts(input.shape.slice(1, -1), windows);
  if (counts.some((count) => count < 1)) return `a window of [${kernel.join(", ")}] is larger than ${printType(input)}`;
  return { dtype: input.dtype, shape: [sizeAt(input.shape, 0), ...counts, sizeAt(input.shape, axes + 1)] };
}

function tapsOf(kernel: readonly number[]): number {
  return kernel.reduce((product, size) => product * size, 1);
}

/** Visits every element of every window, with its place in the input and that of the window in the output. */
function visitPool(
  operation: OperationOf<PoolName>,
  input: readonly number[],
  output: readonly number[],
  each: (from: number, to: number) => void,
): void {
  const channels = sizeAt(input, input.length - 1);
  visitWindows(withoutGaps(operation), input.slice(0, -1), output.slice(0, -1), (from, to) => {
    for (let channel = 0; channel < channels; channel++) each(from * channels + channel, to * channels + channel);
  });
}
