import { byteCount, type TensorType } from "../../ir/index.ts";
import { countOf, filledTo } from "../lowering/index.ts";
import { formOf, kernelOf, type Shapes } from "./lower/index.ts";

/** Bytes that convolutions and pools take in TensorFlow beside their inputs and their result. */

type Amounts = readonly (readonly [before: number, after: number])[];

export function convBytes(shapes: Shapes): number {
  const { input, output, windows } = shapes;
  switch (formOf(shapes)) {
    case "depthwise": {
      // Each time of the kernel gives a part of the result's size, and reads a copy of its frames.
      const [times = 1] = filledTo(3, windows.kernel, 1);
      return times > 1 ? times * bytesOf(output) : 0;
    }
    case "dense":
      return copiedBytes(input, kernelOf(shapes).amounts);
    case "by taps":
      return tapBytes(shapes, input, output);
  }
}

export function convInputBytes(shapes: Shapes): number {
  const { input, windows } = shapes;
  switch (formOf(shapes)) {
    case "depthwise": {
      const [times = 1] = filledTo(3, windows.kernel, 1);
      return times > 1 ? times * bytesOf(input) : 0;
    }
    case "dense":
      return copiedBytes(input, kernelOf(shapes).amounts);
    case "by taps": {
      const reach = windows.kernel.map((size, axis) => (size - 1) * (windows.dilation[axis] ?? 1));
      const spread = reach.map((each, axis) => each + (input[axis + 1] ?? 1));
      return tapBytes(shapes, [input[0] ?? 1, ...spread, shapes.output.at(-1) ?? 1], input);
    }
  }
}

export function convWeightBytes(shapes: Shapes): number {
  const { input, output, windows } = shapes;
  switch (formOf(shapes)) {
    case "depthwise": {
      const [times = 1, height = 1, width = 1] = filledTo(3, windows.kernel, 1);
      const [batch = 1, ...counts] = output.slice(0, -1);
      const [frames = 1] = filledTo(3, counts, 1);
      const copies = times > 1 ? bytesOf(input) + bytesOf(output) : 0;
      // A gradient of the kernel for each frame, before they are added.
      return copies + bytesOf([batch, frames, height, width, output.at(-1) ?? 1]);
    }
    case "dense":
      return copiedBytes(input, kernelOf(shapes).amounts);
    case "by taps":
      return tapBytes(shapes, input, output) + bytesOf(output);
  }
}

/** The input of a pool with its padding around it. */
export function paddedBytes({ padding }: { readonly padding: Amounts }, { shape }: TensorType): number {
  return copiedBytes(shape, [[0, 0], ...padding, [0, 0]]);
}

/** A padded copy of what is read, one in groups, an element of each window, its product and the sum so far. */
function tapBytes({ windows, groups }: Shapes, read: readonly number[], given: readonly number[]): number {
  const padded = paddedShape(read, [[0, 0], ...windows.padding, [0, 0]]);
  const elements = countOf(given.slice(0, -1)) * (read.at(-1) ?? 1);
  return bytesOf(padded) * (groups > 1 ? 2 : 1) + bytesOf([elements]) + 2 * bytesOf(given);
}

function copiedBytes(shape: readonly number[], amounts: Amounts): number {
  return amounts.flat().every((amount) => amount === 0) ? 0 : bytesOf(paddedShape(shape, amounts));
}

function paddedShape(shape: readonly number[], amounts: Amounts): readonly number[] {
  return shape.map((size, axis) => size + (amounts[axis]?.[0] ?? 0) + (amounts[axis]?.[1] ?? 0));
}

function bytesOf(shape: readonly number[]): number {
  return byteCount({ dtype: "f32", shape });
}
