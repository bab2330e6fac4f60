import type { OperationOf } from "../../../ir/index.ts";
import type { Windows } from "../../../ops/index.ts";
import { filledTo, isDepthwise } from "../../lowering/index.ts";
import { type Attributes, typeAttribute } from "../graphdef.ts";

/** A convolution or one of its gradients: what it reads, gives and moves, whichever of these are its inputs. */
export interface Shapes {
  readonly input: readonly number[];
  readonly weight: readonly number[];
  readonly output: readonly number[];
  readonly windows: Windows;
  readonly groups: number;
}

export function shapesOf(
  { stride, dilation, padding, groups }: OperationOf<"conv" | "conv_input" | "conv_weight">,
  input: readonly number[],
  weight: readonly number[],
  output: readonly number[],
): Shapes {
  return { input, weight, output, windows: { kernel: weight.slice(2), stride, dilation, padding }, groups };
}

/** Which of TensorFlow's kernels can do it, forward and backward, on every processor. */
export function formOf({ weight, windows, groups }: Shapes): "dense" | "depthwise" | "by taps" {
  const { kernel, stride, dilation, padding } = windows;
  if (dilation.some((each) => each > 1)) return "by taps";
  if (groups === 1) return "dense";
  const isWithinReach = padding.every((amounts, axis) => amounts.every((amount) => amount < (kernel[axis] ?? 1)));
  return isDepthwise(weight, groups) && stride.every((each) => each === 1) && isWithinReach ? "depthwise" : "by taps";
}

/** TensorFlow's kernel over two or three axes. That over three takes no amounts of padding: they are put around its input. */
export function kernelOf({ input, windows }: Shapes) {
  const over = windows.kernel.length === 3 ? 3 : 2;
  const stride = filledTo(over, windows.stride, 1);
  const padding = filledTo(over, windows.padding, [0, 0] as const);
  const isSame = padding.every(([before, after], axis) => {
    const size = filledTo(over, input.slice(1, -1), 1)[axis] ?? 1;
    const step = stride[axis] ?? 1;
    const kernel = filledTo(over, windows.kernel, 1)[axis] ?? 1;
    const whole = Math.max((Math.ceil(size / step) - 1) * step + kernel - size, 0);
    return before === Math.floor(whole / 2) && after === whole - before;
  });
  const isExplicit = over === 2 && !isSame;
  const attributes: Attributes = {
    T: typeAttribute("f32"),
    strides: { kind: "ints", values: [1, ...stride, 1] },
    padding: { kind: "string", value: isSame ? "SAME" : isExplicit ? "EXPLICIT" : "VALID" },
    ...(isExplicit && { explicit_paddings: { kind: "ints", values: [0, 0, ...padding.flat(), 0, 0] } }),
    data_format: { kind: "string", value: over === 2 ? "NHWC" : "NDHWC" },
  };
  const none = [0, 0] as const;
  const amounts = over === 3 && !isSame ? [none, ...padding, none] : [none, ...padding.map(() => none), none];
  return { over, attributes, amounts };
}
