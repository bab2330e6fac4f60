import type { Interval, Sizes, VolumeSettings } from "../../../compiler/index.ts";
import { alignedFloats, isAligned } from "../../aligned-floats.ts";

/**
 * A preprocessed volume without its padding: values in the range, or whole numbers of steps of 1/32767 of its half. Its axes are
 * those of the encoder's input: channels, slices, height, width, the last fastest.
 */
export interface PackedVolume {
  /** Voxels of padding before the first along each axis. */
  readonly before: Sizes;
  readonly counts: Sizes;
  /** As many for each channel as the counts make. */
  readonly voxels: Float32Array<ArrayBuffer> | Int16Array<ArrayBuffer>;
}

/** Half a step is 1.5e-5 of the window's half, far less than a CT's own steps of one Hounsfield unit. */
const stepsOfHalf = 32767;

/** The middle of a range, and how far its ends are from there. */
export function spanOf([lowest, highest]: Interval): { readonly centre: number; readonly reach: number } {
  return { centre: (lowest + highest) / 2, reach: (highest - lowest) / 2 };
}

/**
 * Values with their padding, `size` of them along each axis, where a backend takes them as they lie. They are the volume's own where
 * it is whole and lies so, since a copy of 55 million numbers takes a third of a second.
 */
export function unpack(
  { before, counts, voxels }: PackedVolume,
  { size: [slices, height, width], range, pad }: Pick<VolumeSettings, "size" | "range" | "pad">,
): Float32Array<ArrayBuffer> {
  const channels = voxels.length / (counts[0] * counts[1] * counts[2]);
  const count = channels * slices * height * width;
  // What is as long as the whole has no padding.
  if (voxels instanceof Float32Array && voxels.length === count && isAligned(voxels)) return voxels;
  const values = alignedFloats(count);
  if (voxels.length < count) values.fill(pad);
  const span = spanOf(range);
  let from = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let z = 0; z < counts[0]; z++) {
      for (let x = 0; x < counts[1]; x++) {
        const start = ((channel * slices + before[0] + z) * height + before[1] + x) * width + before[2];
        const row = voxels.subarray(from, from + counts[2]);
        if (row instanceof Float32Array) values.set(row, start);
        else scale(row, span, values, start);
        from += counts[2];
      }
    }
  }
  return values;
}

// No `?? 0` in this loop or the next ever counts; a check that throws would cost time for every voxel.

function scale(
  steps: Int16Array,
  { centre, reach }: ReturnType<typeof spanOf>,
  into: Float32Array,
  start: number,
): void {
  for (let index = 0; index < steps.length; index++) {
    into[start + index] = centre + reach * ((steps[index] ?? 0) / stepsOfHalf);
  }
}

/** A value of a range to the nearest step. */
export function toStep(value: number, { centre, reach }: ReturnType<typeof spanOf>): number {
  return ((((value - centre) / reach) * stepsOfHalf + stepsOfHalf + 0.5) | 0) - stepsOfHalf;
}
