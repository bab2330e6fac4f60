import type { OperationOf } from "../../../ir/index.ts";
import { at, type Value } from "../../lowering/index.ts";
import { type Attributes, int, ints } from "../messages.ts";
import { channelsFirst, channelsLast, inF32, type Lowering, padsOf, reshapeTo, type Target } from "./context.ts";

/** ONNX has the channels before the axes that a convolution moves over. */
export const conv: Lowering<"conv"> = inF32((operation, inputs, type, target) => {
  const [input, weight] = [at(inputs, 0), at(inputs, 1)];
  const moved = target.add(
    "Conv",
    [channelsFirst(input, target), weight.name],
    attributesOf(operation, weight.type.shape),
  );
  return channelsLast(moved, type.shape.length, target);
});

export const convInput: Lowering<"conv_input"> = inF32((operation, inputs, type, target) => {
  const [gradient, weight] = [at(inputs, 0), at(inputs, 1)];
  const moved =
    mirroredConv(operation, gradient, weight, target) ?? transposedConv(operation, gradient, weight, target);
  return channelsLast(moved, type.shape.length, target);
});

/**
 * The convolution of the gradient with the mirrored kernel, its inputs and outputs in each other's places, as it is where windows move by
 * one element: ONNX Runtime takes ten times as long for ConvTranspose with a kernel for each channel. Null where windows move otherwise,
 * and where padding is wider than they are.
 */
function mirroredConv(
  { stride, dilation, padding, groups }: OperationOf<"conv_input">,
  gradient: Value,
  weight: Value,
  target: Target,
): string | null {
  const [outputs = 1, ofGroup = 1, ...kernel] = weight.type.shape;
  const pads = kernel.map((size, axis) => {
    const [before = 0, after = 0] = padding[axis] ?? [];
    const reach = (dilation[axis] ?? 1) * (size - 1);
    return [reach - before, reach - after] as const;
  });
  if (stride.some((step) => step !== 1) || pads.flat().some((count) => count < 0)) return null;
  const axes = kernel.map((_, axis) => axis + 2);
  const least = -(2 ** 31);
  const mirrored = target.add("Slice", [
    weight.name,
    ...[axes.map(() => -1), axes.map(() => least), axes, axes.map(() => -1)].map((each) => target.list(each)),
  ]);
  const parted = reshapeTo(mirrored, [groups, outputs / groups, ofGroup, ...kernel], target);
  const perm = [0, 2, 1, ...kernel.map((_, axis) => axis + 3)];
  const turned = target.add("Transpose", [parted], { perm: ints(perm) });
  const swapped = reshapeTo(turned, [groups * ofGroup, outputs / groups, ...kernel], target);
  return target.add("Conv", [channelsFirst(gradient, target), swapped], {
    group: int(groups),
    kernel_shape: ints(kernel),
    strides: ints(stride),
    dilations: ints(dilation),
    pads: ints(padsOf(pads)),
  });
}

function transposedConv(operation: OperationOf<"conv_input">, gradient: Value, weight: Value, target: Target): string {
  const { sizes, stride, dilation, padding } = operation;
  // Of the sizes with as many windows, ConvTranspose gives the least unless it is told more.
  const beyond = sizes.map((size, axis) => {
    const [before, after] = padding[axis] ?? [0, 0];
    const reach = (dilation[axis] ?? 1) * ((weight.type.shape[axis + 2] ?? 1) - 1);
    const least = ((gradient.type.shape[axis + 1] ?? 1) - 1) * (stride[axis] ?? 1) + reach + 1 - before - after;
    return size - least;
  });
  return target.add("ConvTranspose", [channelsFirst(gradient, target), weight.name], {
    ...attributesOf(operation, weight.type.shape),
    output_padding: ints(beyond),
  });
}

/**
 * A convolution of the input with the gradient as its kernel, where channels and batch have changed places, and stride and
 * dilation.
 */
export const convWeight: Lowering<"conv_weight"> = inF32((operation, inputs, type, target) => {
  const [input, gradient] = [at(inputs, 0), at(inputs, 1)];
  const { groups, kernel, stride, dilation, padding } = operation;
  const channels = type.shape[1] ?? 1;
  const batch = input.type.shape[0] ?? 1;
  const sizes = input.type.shape.slice(1, -1);
  const axes = sizes.map((_, axis) => axis + 1);
  const parted = reshapeTo(input.name, [batch, ...sizes, groups, channels], target);
  const ofGroups = target.add("Transpose", [parted], { perm: ints([axes.length + 2, axes.length + 1, 0, ...axes]) });
  const read = reshapeTo(ofGroups, [channels, groups * batch, ...sizes], target);
  const slopes = target.add("Transpose", [gradient.name], { perm: ints([axes.length + 1, 0, ...axes]) });
  const moved = target.add("Conv", [read, slopes], {
    group: int(groups),
    kernel_shape: ints(gradient.type.shape.slice(1, -1)),
    strides: ints(dilation),
    dilations: ints(stride),
    pads: ints(padsOf(padding)),
  });
  // Windows may end before the input does: what is behind them belongs to no element of the kernel.
  const starts = kernel.map(() => 0);
  const within = target.add("Slice", [
    moved,
    ...[starts, kernel, axes.map((axis) => axis + 1)].map((each) => target.list(each)),
  ]);
  return target.add("Transpose", [within], { perm: ints([1, 0, ...axes.map((axis) => axis + 1)]) });
});

function attributesOf(
  { stride, dilation, padding, groups }: OperationOf<"conv" | "conv_input">,
  weight: readonly number[],
): Attributes {
  return {
    group: int(groups),
    kernel_shape: ints(weight.slice(2)),
    strides: ints(stride),
    dilations: ints(dilation),
    pads: ints(padsOf(padding)),
  };
}
