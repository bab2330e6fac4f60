import { elementCount, type OperationName, type OperationOf, printType, type TensorType } from "../ir/types.ts";
import { inputAt, sizeAt } from "./indexing.ts";
import { never } from "./rows.ts";
import { inputsAndResult, noInput, type OperationRule, type OperationTraits } from "./rule.ts";
import { problemOf, visitWindows, type Windows, windowCounts } from "./windows.ts";

type Convolution = OperationOf<"conv"> | OperationOf<"conv_input"> | OperationOf<"conv_weight">;

/** A convolution and its two gradients are linear in each of input, weight and gradient. */
const trilinear = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: true,
  equalInput: noInput,
  shorterForm: null,
} as const satisfies Partial<OperationTraits<OperationName>>;

/** Each example of the batch has a result of its own, and so has each output channel of a weight. */
const keepsExamplesAndChannels: OperationTraits<"conv">["keepsRows"] = (context) => {
  const { output, axis, axisOf } = context;
  const isOfWeight = axis === output.shape.length - 1 && axisOf(0) === null && axisOf(1) === 0;
  return isOfWeight || keepsExamples(context);
};

/** Each example of the batch has a result of its own. */
const keepsExamples: OperationTraits<"conv" | "conv_input">["keepsRows"] = ({ axis, axisOf }) =>
  axis === 0 && axisOf(0) === 0 && axisOf(1) === null;

/** A convolution over the axes between the batch and the channels: [batch, ..., channels] -> [batch, ..., outputs]. */
export const conv: OperationRule<"conv"> = {
  ...trilinear,
  keepsRows: keepsExamplesAndChannels,
  type: (operation, [input, weight]) => {
    if (input === undefined || weight === undefined) return "it needs a tensor and a weight";
    const problem = weightProblem(operation, weight, input);
    if (problem !== null) return problem;
    const { groups } = operation;
    const channels = sizeAt(input.shape, input.shape.length - 1);
    const [outputs = 0, ofGroup = 0] = weight.shape;
    if (channels !== ofGroup * groups) {
      const kernel = weight.shape.slice(2).join(", ");
      const expected = printType({ dtype: weight.dtype, shape: [outputs, channels / groups] }).slice(0, -1);
      if (channels % groups !== 0)
        return `the ${channels} channels of ${printType(input)} do not divide into ${groups} groups`;
      return `the weight of ${printType(input)} in ${groups} groups is ${expected}, ${kernel}], not ${printType(weight)}`;
    }
    const counts = windowCounts(input.shape.slice(1, -1), windowsOf(operation, weight.shape));
    if (counts.some((count) => count < 1))
      return `the kernel of ${printType(weight)} is larger than ${printType(input)}`;
    return { dtype: input.dtype, shape: [sizeAt(input.shape, 0), ...counts, outputs] };
  },
  isProduct: true,
  bytesMoved: inputsAndResult,
  flops: (_, [, weight], output) => (weight === undefined ? 0 : 2 * elementCount(output) * productsOf(weight)),
  saved: "inputs",
  derivative: ({ operation, inputs: [input, weight], gradient, needs }, build) => {
    if (input === undefined || weight === undefined) return [];
    const sizes = input.type.shape.slice(1, -1);
    const kernel = weight.type.shape.slice(2);
    return [
      needs(0) ? build.add({ ...operation, op: "conv_input", sizes }, gradient, weight) : null,
      needs(1) ? build.add({ ...operation, op: "conv_weight", kernel }, input, gradient) : null,
    ];
  },
  evaluate: (operation, inputs, type, output) => {
    const input = inputAt(inputs, 0);
    const weight = inputAt(inputs, 1);
    const totals = new Float64Array(output.length);
    visitProducts(operation, input.type.shape, weight.type.shape, type.shape, (from, tap, to) => {
      totals[to] = (totals[to] ?? Number.NaN) + (input.data[from] ?? Number.NaN) * (weight.data[tap] ?? Number.NaN);
    });
    output.set(totals);
  },
};

/** From the gradient of the output to that of the input, which is also called a transposed convolution. */
export const convInput: OperationRule<"conv_input"> = {
  ...trilinear,
  keepsRows: keepsExamples,
  type: (operation, [gradient, weight]) => {
    if (gradient === undefined || weight === undefined) return "it needs a tensor and a weight";
    const problem = weightProblem(operation, weight, gradient);
    if (problem !== null) return problem;
    const { sizes, groups } = operation;
    const [outputs = 0, ofGroup = 0] = weight.shape;
    const channels = sizeAt(gradient.shape, gradient.shape.length - 1);
    if (channels !== outputs)
      return `${printType(weight)} has ${outputs} outputs, and ${printType(gradient)} ${channels} channels`;
    const counts = windowCounts(sizes, windowsOf(operation, weight.shape));
    if (counts.some((count, axis) => count !== gradient.shape[axis + 1]))
      return `windows over [${sizes.join(", ")}] are [${counts.join(", ")}], not those of ${printType(gradient)}`;
    return { dtype: gradient.dtype, shape: [sizeAt(gradient.shape, 0), ...sizes, ofGroup * groups] };
  },
  isProduct: true,
  bytesMoved: inputsAndResult,
  flops: (_, [gradient, weight]) =>
    gradient === undefined || weight === undefined ? 0 : 2 * elementCount(gradient) * productsOf(weight),
  saved: "inputs",
  derivative: ({ operation, inputs: [slopes, weight], gradient, needs }, build) => {
    if (slopes === undefined || weight === undefined) return [];
    const { stride, padding, dilation, groups } = operation;
    const moves = { stride, padding, dilation, groups };
    const kernel = weight.type.shape.slice(2);
    return [
      needs(0) ? build.add({ op: "conv", ...moves }, gradient, weight) : null,
      needs(1) ? build.add({ op: "conv_weight", ...moves, kernel }, gradient, slopes) : null,
    ];
  },
  evaluate: (operation, inputs, type, output) => {
    const gradient = inputAt(inputs, 0);
    const weight = inputAt(inputs, 1);
    const totals = new Float64Array(output.length);
    visitProducts(operation, type.shape, weight.type.shape, gradient.type.shape, (to, tap, from) => {
      totals[to] = (totals[to] ?? Number.NaN) + (gradient.data[from] ?? Number.NaN) * (weight.data[tap] ?? Number.NaN);
    });
    output.set(totals);
  },
};

/** The gradient of the weight: for each of its elements the sum of input times gradient over all windows. */
export const convWeight: OperationRule<"conv_weight"> = {
  ...trilinear,
  keepsRows: never,
  type: ({ kernel, groups }, [input, gradient]) => {
    if (input === undefined || gradient === undefined || input.shape.length !== kernel.length + 2)
      return "it needs an input and its gradient";
    const channels = sizeAt(input.shape, kernel.length + 1);
    const outputs = gradient.shape[kernel.length + 1];
    if (outputs === undefined || channels % groups !== 0 || outputs % groups !== 0)
      return "it needs an input and its gradient";
    return { dtype: gradient.dtype, shape: [outputs, channels / groups, ...kernel] };
  },
  isProduct: true,
  bytesMoved: inputsAndResult,
  flops: (_, [, gradient], output) => (gradient === undefined ? 0 : 2 * elementCount(gradient) * productsOf(output)),
  saved: "inputs",
  derivative: null,
  evaluate: (operation, inputs, type, output) => {
    const input = inputAt(inputs, 0);
    const gradient = inputAt(inputs, 1);
    const totals = new Float64Array(output.length);
    visitProducts(operation, input.type.shape, type.shape, gradient.type.shape, (from, tap, to) => {
      totals[tap] = (totals[tap] ?? Number.NaN) + (input.data[from] ?? Number.NaN) * (gradient.data[to] ?? Number.NaN);
    });
    output.set(totals);
  },
};

function windowsOf({ stride, dilation, padding }: Convolution, weight: readonly number[]): Windows {
  return { kernel: weight.slice(2), stride, dilation, padding };
}

/** What is wrong with a weight, or with how it moves over a tensor, in words. */
function weightProblem(operation: Convolution, weight: TensorType, moved: TensorType): string | null {
  const { groups } = operation;
  const axes = moved.shape.length - 2;
  if (axes < 1 || axes > 3)
    return `${printType(moved)} is not [batch, ..., channels] with one to three axes between them`;
  if (weight.shape.length !== axes + 2)
    return `the weight of ${printType(moved)} has ${axes + 2} axes, not those of ${printType(weight)}`;
  const isFloat = moved.dtype === "f32" || moved.dtype === "bf16";
  if (!isFloat || moved.dtype !== weight.dtype)
    return `${printType(moved)} and ${printType(weight)} are not both floating-point`;
  const problem = problemOf(windowsOf(operation, weight.shape), axes);
  if (problem !== null) return problem;
  if (!Number.isSafeInteger(groups) || groups < 1) return "its number of groups is a whole number of at least 1";
  const outputs = sizeAt(weight.shape, 0);
  return outputs % groups === 0
    ? null
    : `the ${outputs} outputs of ${printType(weight)} do not divide into ${groups} groups`;
}

/** Products that each element of the output adds. */
function productsOf(weight: TensorType): number {
  return weight.shape.slice(1).reduce((product, size) => product * size, 1);
}

/** Visits every product of a convolution: its places in the input, in the weight and in the output. */
function visitProducts(
  operation: Convolution,
  input: readonly number[],
  weight: readonly number[],
  output: readonly number[],
  each: (from: number, tap: number, to: number) => void,
): void {
  const { groups } = operation;
  const [outputs = 0, ofGroup = 0, ...kernel] = weight;
  const channels = ofGroup * groups;
  const taps = kernel.reduce((product, size) => product * size, 1);
  visitWindows(windowsOf(operation, weight), input.slice(0, -1), output.slice(0, -1), (from, to, tap) => {
    for (let out = 0; out < outputs; out++) {
      const group = Math.floor((out * groups) / outputs);
      for (let channel = 0; channel < ofGroup; channel++) {
        each(from * channels + group * ofGroup + channel, (out * ofGroup + channel) * taps + tap, to * outputs + out);
      }
    }
  });
}
