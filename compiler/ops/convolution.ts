import { elementCount, printType } from "../ir/types.ts";
import type { OperationRule } from "./rule.ts";

/**
 * A depthwise convolution over time, height and width: [batch, time, height, width, dim], weight [dim, 1, t, h, w] as
 * PyTorch stores it.
 */
export const depthwiseConv3d: OperationRule<"depthwise_conv3d"> = {
  type: ({ padding }, [input, weight]) => {
    if (input === undefined || weight === undefined) return "it needs a tensor and a weight";
    if (input.shape.length !== 5) return `${printType(input)} is not [batch, time, height, width, dim]`;
    const [dim = 0, one, ...kernel] = weight.shape;
    if (kernel.length !== 3 || one !== 1 || dim !== input.shape[4]) {
      return `the weight of ${printType(input)} is f32[${input.shape[4] ?? 0}, 1, t, h, w], not ${printType(weight)}`;
    }
    if (padding.length !== 3) return "its padding is three pairs: time, height, width";
    const sizes = kernel.map((size, index) => {
      const [before, after] = padding[index] ?? [0, 0];
      return (input.shape[index + 1] ?? 0) + before + after - size + 1;
    });
    if (sizes.some((size) => size < 1)) return `the kernel of ${printType(weight)} is larger than ${printType(input)}`;
    return { dtype: input.dtype, shape: [input.shape[0] ?? 0, ...sizes, dim] };
  },
  flops: (_, [, weight], output) => {
    const taps = weight === undefined ? 0 : elementCount({ ...weight, shape: weight.shape.slice(2) });
    return 2 * elementCount(output) * taps;
  },
  saved: "inputs",
};
