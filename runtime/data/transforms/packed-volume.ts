import type { Sizes } from "../../../compiler/index.ts";

/**
 * A preprocessed volume without its padding: values from -1 to 1, or whole numbers of steps of 1/32767. Its axes are those of
 * the encoder's input: slices (z), height (x), width (y), the last fastest.
 */
export interface PackedVolume {
  /** Voxels of padding before the first along each axis. */
  readonly before: Sizes;
  readonly counts: Sizes;
  readonly voxels: Float32Array | Int16Array;
}

/** What a preprocessed volume has along the axes of the encoder's input, without the batch's: channels, slices, height, width. */
export function volumeShape({ size }: { readonly size: Sizes }): readonly number[] {
  return [1, ...size];
}

/** Half a step is 1.5e-5 of the window's half, far less than a CT's own steps of one Hounsfield unit. */
const stepsOfHalf = 32767;

/** Values with their padding, `size` of them along each axis. */
export function unpack({ before, counts, voxels }: PackedVolume, size: Sizes): Float32Array<ArrayBuffer> {
  const [, height, width] = size;
  const values = new Float32Array(size[0] * height * width).fill(-1);
  let from = 0;
  for (let z = 0; z < counts[0]; z++) {
    for (let x = 0; x < counts[1]; x++) {
      const start = ((before[0] + z) * height + before[1] + x) * width + before[2];
      const row = voxels.subarray(from, from + counts[2]);
      if (row instanceof Float32Array) values.set(row, start);
      else scale(row, values, start);
      from += counts[2];
    }
  }
  return values;
}

// No `?? 0` in this loop or the next ever counts; a check that throws would cost time for every voxel.

function scale(steps: Int16Array, into: Float32Array, start: number): void {
  for (let index = 0; index < steps.length; index++) into[start + index] = (steps[index] ?? 0) / stepsOfHalf;
}

/** Values to the nearest steps; they are at least -1. */
export function toSteps(values: Float32Array, into: Int16Array): void {
  for (let index = 0; index < values.length; index++) {
    into[index] = (((values[index] ?? 0) * stepsOfHalf + stepsOfHalf + 0.5) | 0) - stepsOfHalf;
  }
}
