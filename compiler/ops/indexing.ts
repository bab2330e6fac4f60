import type { TensorType } from "../ir/types.ts";
import type { Elements, TensorData } from "./rule.ts";

/** A size, a stride or a place by the number of its axis, which there has to be. */
export function sizeAt(sizes: readonly number[], axis: number): number {
  const size = sizes[axis];
  if (size === undefined) throw new Error(`there is no axis ${axis} of ${sizes.length}`);
  return size;
}

/** The size or stride along an axis, which may be counted from the end. */
export function sizeAlong(sizes: readonly number[], axis: number): number {
  return sizeAt(sizes, axis < 0 ? axis + sizes.length : axis);
}

/** How far apart neighbours of each axis are, in row-major order. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const size of shape.toReversed()) {
    strides.unshift(stride);
    stride *= size;
  }
  return strides;
}

/** Strides of a tensor that is broadcast to a shape: 0 along what is repeated. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): readonly number[] {
  const strides = stridesOf(from);
  const extra = to.length - from.length;
  return to.map((_, axis) => (axis < extra || from[axis - extra] === 1 ? 0 : sizeAt(strides, axis - extra)));
}

/**
 * Visits every place of a shape in order, with the offset of that place in each of some tensors whose strides are given.
 * The offsets are one array that changes from visit to visit.
 */
export function visit(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  each: (place: number, offsets: readonly number[]) => void,
): void {
  const count = shape.reduce((product, size) => product * size, 1);
  const index = shape.map(() => 0);
  const offsets = strides.map(() => 0);
  for (let place = 0; place < count; place++) {
    each(place, offsets);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const at = (index[axis] ?? Number.NaN) + 1;
      const wraps = at === shape[axis];
      index[axis] = wraps ? 0 : at;
      for (const [tensor, stride] of strides.entries()) {
        const step = stride[axis] ?? Number.NaN;
        offsets[tensor] = (offsets[tensor] ?? Number.NaN) + (wraps ? -step * (at - 1) : step);
      }
      if (!wraps) break;
    }
  }
}

/** Applies a function to each element of tensors that are broadcast to one shape. */
export function mapBroadcast(
  inputs: readonly TensorData[],
  type: TensorType,
  output: Elements,
  compute: (...values: number[]) => number,
): void {
  const strides = inputs.map((input) => broadcastStrides(input.type.shape, type.shape));
  visit(type.shape, strides, (place, offsets) => {
    output[place] = compute(...inputs.map(({ data }, index) => data[offsets[index] ?? -1] ?? Number.NaN));
  });
}

/**
 * The input of an operation that has at least that many. Loops over its elements read `?? Number.NaN`: what is not there
 * spoils the result for all to see, where a 0 would hide it, and costs no more than that.
 */
export function inputAt(inputs: readonly TensorData[], index: number): TensorData {
  const input = inputs[index];
  if (input === undefined) throw new Error("an operation is evaluated with the inputs of its type rule");
  return input;
}
