import type { TensorValue } from "../values.ts";
import type { Builtin, BuiltinCall } from "./builtin.ts";

type Padding = readonly (readonly [before: number, after: number])[];

/** How many axes there are between the batch and the channels. */
function axesBetween({ node }: TensorValue): number {
  return Math.max(0, node.type.shape.length - 2);
}

/** A number for each axis, or one for all of them. */
function perAxis(call: BuiltinCall, parameter: string, axes: number, otherwise: number): readonly number[] {
  const value = call.has(parameter) ? call.value(parameter) : null;
  if (value?.kind === "list") return call.numbers(parameter);
  return Array.from({ length: axes }, () => call.number(parameter, otherwise));
}

/** Amounts around each axis: one number, one for each axis, or pairs of what is before and behind. */
function paddingOf(call: BuiltinCall, axes: number): Padding {
  const value = call.has("padding") ? call.value("padding") : null;
  const isPaired = value?.kind === "list" && value.elements.some(({ kind }) => kind === "list");
  if (isPaired) return call.pairs("padding");
  return perAxis(call, "padding", axes, 0).map((amount) => [amount, amount] as const);
}

/** As many windows as there are places, with the odd amount behind, as in PyTorch. */
function samePadding(call: BuiltinCall, kernel: readonly number[], moves: Moves): Padding {
  if (moves.stride.some((step) => step !== 1)) call.failOperands("padding is `same` for a stride of 1 only");
  return kernel.map((size, axis) => {
    const whole = (size - 1) * (moves.dilation[axis] ?? 1);
    return [Math.floor(whole / 2), Math.ceil(whole / 2)] as const;
  });
}

interface Moves {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

function convolution(call: BuiltinCall, axes: number, kernel: readonly number[]) {
  const moves = { stride: perAxis(call, "stride", axes, 1), dilation: perAxis(call, "dilation", axes, 1) };
  const value = call.has("padding") ? call.value("padding") : null;
  const isSame = value?.kind === "string" && value.value === "same";
  const padding = isSame ? samePadding(call, kernel, moves) : paddingOf(call, axes);
  return { ...moves, padding, groups: call.number("groups", 1) };
}

function pool(call: BuiltinCall, x: TensorValue) {
  const axes = axesBetween(x);
  const kernel = perAxis(call, "size", axes, 1);
  const stride = call.has("stride") ? perAxis(call, "stride", axes, 1) : kernel;
  return { kernel, stride, padding: paddingOf(call, axes) };
}

export const windows = {
  conv: {
    parameters: ["x", "weight", "stride?", "padding?", "dilation?", "groups?"],
    apply: (call) => {
      const [x, weight] = [call.tensor("x"), call.tensor("weight")];
      const moves = convolution(call, axesBetween(x), weight.node.type.shape.slice(2));
      return call.add({ op: "conv", ...moves }, x.node, weight.node);
    },
  },
  conv_transpose: {
    parameters: ["x", "weight", "stride?", "padding?", "output_padding?", "dilation?", "groups?"],
    apply: (call) => {
      const [x, weight] = [call.tensor("x"), call.tensor("weight")];
      const axes = axesBetween(x);
      const kernel = weight.node.type.shape.slice(2);
      const moves = convolution(call, axes, kernel);
      const beyond = perAxis(call, "output_padding", axes, 0);
      const sizes = x.node.type.shape.slice(1, -1).map((count, axis) => {
        const [before, after] = moves.padding[axis] ?? [0, 0];
        const reach = (moves.dilation[axis] ?? 1) * ((kernel[axis] ?? 1) - 1);
        return (count - 1) * (moves.stride[axis] ?? 1) + reach + 1 - before - after + (beyond[axis] ?? 0);
      });
      return call.add({ op: "conv_input", ...moves, sizes }, x.node, weight.node);
    },
  },
  max_pool: {
    parameters: ["x", "size", "stride?", "padding?"],
    apply: (call) => {
      const x = call.tensor("x");
      return call.add({ op: "max_pool", ...pool(call, x) }, x.node);
    },
  },
  avg_pool: {
    parameters: ["x", "size", "stride?", "padding?", "count_include_pad?"],
    apply: (call) => {
      const x = call.tensor("x");
      const operation = { op: "avg_pool", ...pool(call, x) } as const;
      const mean = call.add(operation, x.node);
      const countsPadding = !call.has("count_include_pad") || call.flag("count_include_pad");
      if (countsPadding || operation.padding.flat().every((amount) => amount === 0)) return mean;
      // Of ones the mean is the part of each window that is not padding.
      const { dtype, shape } = x.node.type;
      const ones = call.add({ op: "constant", value: 1, type: { dtype, shape: [1, ...shape.slice(1, -1), 1] } });
      return call.add({ op: "div" }, mean.node, call.add(operation, ones.node).node);
    },
  },
} satisfies Readonly<Record<string, Builtin>>;
