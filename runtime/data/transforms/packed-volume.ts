import type { Interval, Sizes, VolumeSettings } from "../../../compiler/index.ts";
import { alignedFloats } from "../../aligned-floats.ts";

/**
 * A preprocessed volume: values in the range with the padding around them, where a backend takes them as they lie, or whole numbers of
 * steps of 1/32767 of the range's half without their padding. Its axes are those of the encoder's input: channels, slices, height,
 * width, the last fastest.
 */
export interface PackedVolume {
  /** Voxels of padding before the first along each axis. */
  readonly before: Sizes;
  /** Voxels without the padding. */
  readonly counts: Sizes;
  /** Voxels with it. */
  readonly size: Sizes;
  /** All channels, one after the other. */
  readonly voxels: Float32Array<ArrayBuffer> | Int16Array<ArrayBuffer>;
}

/** Where a volume's voxels lie among its padding. */
export type Placing = Pick<PackedVolume, "before" | "counts" | "size">;

/** Half a step is 1.5e-5 of the window's half, far less than a CT's own steps of one Hounsfield unit. */
const stepsOfHalf = 32767;

/** The middle of a range, and how far its ends are from there. */
export function spanOf([lowest, highest]: Interval): { readonly centre: number; readonly reach: number } {
  return { centre: (lowest + highest) / 2, reach: (highest - lowest) / 2 };
}

export function voxelsIn([slices, height, width]: Sizes): number {
  return slices * height * width;
}

/** Whether a volume has no padding. */
export function isWhole({ counts, size }: Placing): boolean {
  return voxelsIn(counts) === voxelsIn(size);
}

/** Where each row of a volume starts among its padding, slice by slice, channel by channel. */
export function* rowStarts({ before, counts, size }: Placing, channels: number): Generator<number> {
  const [, height, width] = size;
  for (let channel = 0; channel < channels; channel++) {
    for (let z = 0; z < counts[0]; z++) {
      const slice = (channel * size[0] + before[0] + z) * height;
      for (let y = 0; y < counts[1]; y++) yield (slice + before[1] + y) * width + before[2];
    }
  }
}

/** Fills the padding around the rows of a volume. */
export function fillPadding(values: Float32Array, placing: Placing, pad: number): void {
  if (isWhole(placing)) return;
  let end = 0;
  for (const start of rowStarts(placing, values.length / voxelsIn(placing.size))) {
    values.fill(pad, end, start);
    end = start + placing.counts[2];
  }
  values.fill(pad, end);
}

/** Values with their padding, where a backend takes them as they lie; in `used` where steps fit in there. */
export function unpack(
  packed: PackedVolume,
  { range, pad }: Pick<VolumeSettings, "range" | "pad">,
  used: ArrayBuffer | null = null,
): Float32Array<ArrayBuffer> {
  const { voxels, counts, size } = packed;
  if (voxels instanceof Float32Array) return voxels;
  const channels = voxels.length / voxelsIn(counts);
  const values = alignedFloats(channels * voxelsIn(size), used);
  fillPadding(values, packed, pad);
  const span = spanOf(range);
  let from = 0;
  for (const start of rowStarts(packed, channels)) {
    scale(voxels.subarray(from, from + counts[2]), span, values, start);
    from += counts[2];
  }
  return values;
}

// No `?? 0` in this loop ever counts; a check that throws would cost time for every voxel.

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
