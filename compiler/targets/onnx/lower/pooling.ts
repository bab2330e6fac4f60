import { elementCount, type OperationOf } from "../../../ir/index.ts";
import { placesIn } from "../../../ops/index.ts";
import { at, countOf } from "../../lowering/index.ts";
import { type Attributes, int, ints } from "../messages.ts";
import {
  castTo,
  channelsFirst,
  channelsLast,
  filled,
  inF32,
  type Lowering,
  numbersBelow,
  padsOf,
  reshapeTo,
  type Target,
} from "./context.ts";

export const maxPool: Lowering<"max_pool"> = inF32((operation, inputs, type, target) => {
  const largest = target.add("MaxPool", [channelsFirst(at(inputs, 0), target)], attributesOf(operation));
  return channelsLast(largest, type.shape.length, target);
});

/**
 * Which element of each window is the largest, the first of several: its gradient is added there. ONNX has an operation for
 * neither a pool's gradient nor, in all runtimes, its second result.
 */
export const maxPoolInput: Lowering<"max_pool_input"> = inF32((operation, inputs, type, target) => {
  const [input, gradient] = [at(inputs, 0), at(inputs, 1)];
  const { kernel, stride, padding } = operation;
  const counts = gradient.type.shape.slice(1, -1);
  const amounts = [[0, 0] as const, ...padding, [0, 0] as const];
  const wide = type.shape.map((size, axis) => size + (amounts[axis]?.[0] ?? 0) + (amounts[axis]?.[1] ?? 0));
  const number = (value: number): string => target.constant({ dtype: "i32", shape: [] }, [value]);
  const lowest = target.constant({ dtype: "f32", shape: [] }, [Number.NEGATIVE_INFINITY]);
  const read = target.add("Pad", [input.name, target.list(padsOf(amounts)), lowest]);
  const strides = wide.map((_, axis) => countOf(wide.slice(axis + 1)));
  const axes = kernel.map((_, axis) => axis + 1);
  const elementsAt = (place: readonly number[]): string =>
    target.add("Slice", [
      read,
      target.list(place),
      target.list(place.map((at, axis) => at + ((counts[axis] ?? 1) - 1) * (stride[axis] ?? 1) + 1)),
      target.list(axes),
      target.list(stride),
    ]);
  const taps = placesIn(kernel).map((place) => ({
    values: elementsAt(place),
    offset: number(place.reduce((sum, at, axis) => sum + at * (strides[axis + 1] ?? 0), 0)),
  }));
  const [first, ...others] = taps;
  if (first === undefined) throw new Error("a kernel has an element");
  let [largest, offset] = [first.values, first.offset];
  for (const { values, offset: here } of others) {
    offset = target.add("Where", [target.add("Greater", [values, largest]), here, offset]);
    largest = target.add("Max", [largest, values]);
  }
  // Where each window starts in the padded input.
  const steps = [1, ...stride, 1];
  const starts = gradient.type.shape.map((size, axis) => {
    const along = gradient.type.shape.map((_, other) => (other === axis ? size : 1));
    const moved = target.add("Mul", [numbersBelow(size, target), number((steps[axis] ?? 1) * (strides[axis] ?? 0))]);
    return reshapeTo(moved, along, target);
  });
  const places = starts.reduce((sum, each) => target.add("Add", [sum, each]), offset);
  const count = elementCount(gradient.type);
  const indices = castTo(reshapeTo(places, [count, 1], target), "i64", target);
  const flat = filled({ dtype: "f32", shape: [countOf(wide)] }, 0, target);
  const added = target.add("ScatterND", [flat, indices, reshapeTo(gradient.name, [count], target)], {
    reduction: { kind: "string", value: "add" },
  });
  return innerOf(reshapeTo(added, wide, target), operation, type.shape, axes, target);
});

export const avgPool: Lowering<"avg_pool"> = inF32((operation, inputs, type, target) => {
  const mean = target.add("AveragePool", [channelsFirst(at(inputs, 0), target)], {
    ...attributesOf(operation),
    count_include_pad: int(1),
  });
  return channelsLast(mean, type.shape.length, target);
});

/** A transposed convolution of each channel, with a kernel of equal parts. */
export const avgPoolInput: Lowering<"avg_pool_input"> = inF32((operation, inputs, type, target) => {
  const gradient = at(inputs, 0);
  const { kernel, stride, padding, sizes } = operation;
  const channels = type.shape.at(-1) ?? 1;
  const weight = filled({ dtype: "f32", shape: [channels, 1, ...kernel] }, 1 / countOf(kernel), target);
  const beyond = sizes.map((size, axis) => {
    const [before, after] = padding[axis] ?? [0, 0];
    const least =
      ((gradient.type.shape[axis + 1] ?? 1) - 1) * (stride[axis] ?? 1) + (kernel[axis] ?? 1) - before - after;
    return size - least;
  });
  const spread = target.add("ConvTranspose", [channelsFirst(gradient, target), weight], {
    ...attributesOf(operation),
    group: int(channels),
    output_padding: ints(beyond),
  });
  return channelsLast(spread, type.shape.length, target);
});

function attributesOf({
  kernel,
  stride,
  padding,
}: OperationOf<"max_pool" | "avg_pool" | "avg_pool_input">): Attributes {
  return { kernel_shape: ints(kernel), strides: ints(stride), pads: ints(padsOf(padding)) };
}

/** What is left of a padded input without its padding. */
function innerOf(
  value: string,
  { padding }: OperationOf<"max_pool_input">,
  shape: readonly number[],
  axes: readonly number[],
  target: Target,
): string {
  if (padding.flat().every((amount) => amount === 0)) return value;
  const starts = padding.map(([before]) => before);
  const ends = starts.map((start, axis) => start + (shape[axis + 1] ?? 1));
  return target.add("Slice", [value, target.list(starts), target.list(ends), target.list(axes)]);
}
