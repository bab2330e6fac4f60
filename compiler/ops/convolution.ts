import { at } from "../at.ts";
import { elementCount, printType, type TensorType } from "../ir/types.ts";
import { inputAt, sizeAt, stridesOf } from "./indexing.ts";
import { never } from "./rows.ts";
import { noInput, type OperationRule } from "./rule.ts";

type Padding = readonly (readonly [before: number, after: number])[];

/**
 * A depthwise convolution over time, height and width: [batch, time, height, width, dim], weight [dim, 1, t, h, w] as
 * PyTorch stores it.
 */
export const depthwiseConv3d: OperationRule<"depthwise_conv3d"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: ({ axis, axisOf }) => axis === 0 && axisOf(0) === 0 && axisOf(1) === null,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: true,
  equalInput: noInput,
  shorterForm: null,
  type: ({ padding }, [input, weight]) => {
    if (input === undefined || weight === undefined) return "it needs a tensor and a weight";
    if (input.shape.length !== 5) return `${printType(input)} is not [batch, time, height, width, dim]`;
    const [dim, one, ...kernel] = weight.shape;
    if (kernel.length !== 3 || one !== 1 || dim === undefined || dim !== input.shape[4]) {
      return `the weight of ${printType(input)} is f32[${sizeAt(input.shape, 4)}, 1, t, h, w], not ${printType(weight)}`;
    }
    if (padding.length !== 3) return "its padding is three pairs: time, height, width";
    const sizes = kernel.map((size, index) => {
      const [before, after] = at(padding, index);
      return sizeAt(input.shape, index + 1) + before + after - size + 1;
    });
    if (sizes.some((size) => size < 1)) return `the kernel of ${printType(weight)} is larger than ${printType(input)}`;
    return { dtype: input.dtype, shape: [sizeAt(input.shape, 0), ...sizes, dim] };
  },
  flops: (_, [, weight], output) => 2 * elementCount(output) * tapsOf(weight),
  saved: "inputs",
  // The gradient of the input is a convolution with the kernel turned around and the rest of the padding.
  derivative: ({ operation: { padding, flip }, inputs: [input, weight], gradient, needs }, build) => {
    if (input === undefined || weight === undefined) return [];
    const kernel = weight.type.shape.slice(2);
    const rest = padding.map(([before, after], axis) => {
      const reach = sizeAt(kernel, axis) - 1;
      return [reach - before, reach - after] as const;
    });
    if (flip && needs(1)) throw new Error("the weight of a turned convolution has no gradient of its own");
    return [
      needs(0) ? build.add({ op: "depthwise_conv3d", padding: rest, flip: !flip }, gradient, weight) : null,
      needs(1) ? build.add({ op: "depthwise_conv3d_weight", padding, kernel }, input, gradient) : null,
    ];
  },
  evaluate: ({ padding, flip }, inputs, type, output) => {
    const input = inputAt(inputs, 0);
    const weight = inputAt(inputs, 1);
    output.fill(0);
    const taps = tapsOf(weight.type);
    visitTaps(input.type, type, weight.type.shape.slice(2), padding, (from, to, tap, channel) => {
      const place = channel * taps + (flip ? taps - 1 - tap : tap);
      output[to] = (output[to] ?? Number.NaN) + (input.data[from] ?? Number.NaN) * (weight.data[place] ?? Number.NaN);
    });
  },
};

/** The gradient of the weight: for each tap the sum of input times gradient over everything but the channels. */
export const depthwiseConv3dWeight: OperationRule<"depthwise_conv3d_weight"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: null,
  isRandom: false,
  keepsRows: never,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: true,
  equalInput: noInput,
  shorterForm: null,
  type: ({ kernel }, [input, gradient]) => {
    const dim = input?.shape[4];
    if (dim === undefined || gradient?.shape[4] !== dim || kernel.length !== 3)
      return "it needs an input and its gradient";
    return { dtype: gradient.dtype, shape: [dim, 1, ...kernel] };
  },
  flops: ({ kernel }, [, gradient]) =>
    gradient === undefined ? 0 : 2 * elementCount(gradient) * kernel.reduce((product, size) => product * size, 1),
  saved: "inputs",
  derivative: null,
  evaluate: ({ padding, kernel }, inputs, type, output) => {
    const input = inputAt(inputs, 0);
    const gradient = inputAt(inputs, 1);
    const totals = new Float64Array(output.length);
    const taps = tapsOf(type);
    visitTaps(input.type, gradient.type, kernel, padding, (from, to, tap, channel) => {
      const place = channel * taps + tap;
      totals[place] =
        (totals[place] ?? Number.NaN) + (input.data[from] ?? Number.NaN) * (gradient.data[to] ?? Number.NaN);
    });
    output.set(totals);
  },
};

function tapsOf(weight: TensorType | undefined): number {
  return weight === undefined ? 0 : weight.shape.slice(2).reduce((product, size) => product * size, 1);
}

/** Visits every product of a convolution: the place in the input, the place in the output, the tap and the channel. */
function visitTaps(
  input: TensorType,
  output: TensorType,
  kernel: readonly number[],
  padding: Padding,
  each: (from: number, to: number, tap: number, channel: number) => void,
): void {
  const [batch = 0, timeOut = 0, heightOut = 0, widthOut = 0, dim = 0] = output.shape;
  const [, timeIn = 0, heightIn = 0, widthIn = 0] = input.shape;
  const [b = 0, t = 0, h = 0, w = 0] = stridesOf(input.shape);
  const [kt = 0, kh = 0, kw = 0] = kernel;
  const [[beforeT] = [0], [beforeH] = [0], [beforeW] = [0]] = padding;
  let to = 0;
  for (let n = 0; n < batch; n++) {
    for (let y = 0; y < timeOut * heightOut * widthOut; y++) {
      const atT = Math.floor(y / (heightOut * widthOut)) - beforeT;
      const atH = (Math.floor(y / widthOut) % heightOut) - beforeH;
      const atW = (y % widthOut) - beforeW;
      for (let tap = 0; tap < kt * kh * kw; tap++) {
        const time = atT + Math.floor(tap / (kh * kw));
        const height = atH + (Math.floor(tap / kw) % kh);
        const width = atW + (tap % kw);
        const isInside =
          time >= 0 && time < timeIn && height >= 0 && height < heightIn && width >= 0 && width < widthIn;
        if (!isInside) continue;
        const from = n * b + time * t + height * h + width * w;
        for (let channel = 0; channel < dim; channel++) each(from + channel, to + channel, tap, channel);
      }
      to += dim;
    }
  }
}
