import type { SpatialAxis } from "../../../compiler/index.ts";
import { type Affine, aroundMiddle, diagonal } from "./affine.ts";
import type { VolumeGrid } from "./grid.ts";

/** Reverses an axis, as MONAI's Flip. */
export function flip(axis: SpatialAxis, { sizes }: VolumeGrid): Affine {
  return aroundMiddle(
    diagonal([axis === "slices" ? -1 : 1, axis === "height" ? -1 : 1, axis === "width" ? -1 : 1]),
    sizes,
  );
}

/** Reverses some axes of a volume where it is: the values stay the same to the bit. */
export function reverse(values: Float32Array, axes: readonly [boolean, boolean, boolean], grid: VolumeGrid): void {
  const [slices, height, width] = grid.sizes;
  const plane = height * width;
  if (axes[0]) for (let at = 0; at < values.length; at += slices * plane) reverseRows(values, at, slices, plane);
  if (axes[1]) for (let at = 0; at < values.length; at += plane) reverseRows(values, at, height, width);
  if (axes[2]) for (let at = 0; at < values.length; at += width) values.subarray(at, at + width).reverse();
}

function reverseRows(values: Float32Array, start: number, count: number, length: number): void {
  const kept = new Float32Array(length);
  for (let first = 0, last = count - 1; first < last; first++, last--) {
    const [low, high] = [start + first * length, start + last * length];
    kept.set(values.subarray(low, low + length));
    values.copyWithin(low, high, high + length);
    values.set(kept, high);
  }
}
