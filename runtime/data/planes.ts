import type { Sizes } from "../../compiler/index.ts";
import type { GreyPicture } from "./png.ts";

const gap = 4;
const gapGrey = 128;

/**
 * The middle slices of preprocessed volumes in three planes, a voxel a pixel and the first index at the top left: across the first
 * axis, across the second and across the third, of each of several volumes, one for each window. Values from the lowest to the highest
 * of `range` go from black to white.
 */
export function slicesOf(
  values: Float32Array,
  [depth, height, width]: Sizes,
  [lowest, highest]: readonly [number, number],
): readonly (readonly GreyPicture[])[] {
  const [z, y, x] = [depth >> 1, height >> 1, width >> 1];
  const planes: readonly Plane[] = [
    { width, height, indexOf: (row, column) => (z * height + row) * width + column },
    { width, height: depth, indexOf: (row, column) => (row * height + y) * width + column },
    { width: height, height: depth, indexOf: (row, column) => (row * height + column) * width + x },
  ];
  const size = depth * height * width;
  return Array.from({ length: values.length / size }, (_, volume) =>
    planes.map((plane) => {
      const pixels = new Uint8Array(plane.width * plane.height);
      for (let row = 0; row < plane.height; row++) {
        for (let column = 0; column < plane.width; column++) {
          const value = values[volume * size + plane.indexOf(row, column)] ?? 0;
          const share = (value - lowest) / (highest - lowest);
          pixels[row * plane.width + column] = Math.round(255 * Math.min(Math.max(share, 0), 1));
        }
      }
      return { width: plane.width, height: plane.height, pixels };
    }),
  );
}

/** The slices of `slicesOf` as one picture: planes side by side, volumes below each other. */
export function drawPlanes(values: Float32Array, sizes: Sizes, range: readonly [number, number]): GreyPicture {
  const volumes = slicesOf(values, sizes, range);
  const tallest = Math.max(sizes[0], sizes[1]);
  const widths = volumes[0]?.map((slice) => slice.width) ?? [];
  const all = {
    width: widths.reduce((sum, width) => sum + width, 0) + gap * (widths.length - 1),
    height: volumes.length * tallest + gap * (volumes.length - 1),
  };
  const pixels = new Uint8Array(all.width * all.height).fill(gapGrey);
  for (const [volume, slices] of volumes.entries()) {
    let left = 0;
    for (const slice of slices) {
      for (let row = 0; row < slice.height; row++) {
        const to = (volume * (tallest + gap) + row) * all.width + left;
        pixels.set(slice.pixels.subarray(row * slice.width, (row + 1) * slice.width), to);
      }
      left += slice.width + gap;
    }
  }
  return { ...all, pixels };
}

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly indexOf: (row: number, column: number) => number;
}
