import type { Sizes } from "../../compiler/index.ts";
import type { GreyPicture } from "../files/index.ts";

const gap = 4;
const gapGrey = 128;

/**
 * The middle slices of preprocessed volumes in three planes, side by side, a voxel a pixel and the first index at the top left:
 * across the first axis, across the second and across the third. Several volumes, one for each window, stand below each other.
 * Values from the lowest to the highest of `range` go from black to white.
 */
export function drawPlanes(
  values: Float32Array,
  [depth, height, width]: Sizes,
  [lowest, highest]: readonly [number, number],
): GreyPicture {
  const [z, y, x] = [depth >> 1, height >> 1, width >> 1];
  const planes: readonly Plane[] = [
    { width, height, indexOf: (row, column) => (z * height + row) * width + column },
    { width, height: depth, indexOf: (row, column) => (row * height + y) * width + column },
    { width: height, height: depth, indexOf: (row, column) => (row * height + column) * width + x },
  ];
  const size = depth * height * width;
  const volumes = values.length / size;
  const tallest = Math.max(height, depth);
  const all = {
    width: planes.reduce((sum, plane) => sum + plane.width, 0) + gap * (planes.length - 1),
    height: volumes * tallest + gap * (volumes - 1),
  };
  const pixels = new Uint8Array(all.width * all.height).fill(gapGrey);
  for (let volume = 0; volume < volumes; volume++) {
    let left = 0;
    for (const plane of planes) {
      const top = volume * (tallest + gap);
      for (let row = 0; row < plane.height; row++) {
        for (let column = 0; column < plane.width; column++) {
          const value = values[volume * size + plane.indexOf(row, column)] ?? 0;
          const share = (value - lowest) / (highest - lowest);
          pixels[(top + row) * all.width + left + column] = Math.round(255 * Math.min(Math.max(share, 0), 1));
        }
      }
      left += plane.width + gap;
    }
  }
  return { ...all, pixels };
}

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly indexOf: (row: number, column: number) => number;
}
