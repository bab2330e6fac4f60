import type { Sizes } from "../../../compiler/index.ts";

/** What the values of a volume or an image mean, as far as changing them needs it. */
export interface VolumeGrid {
  readonly sizes: Sizes;
  /** Millimetres from voxel to voxel, or the same number for all where only their ratio counts. */
  readonly spacing: Sizes;
  /** Those of a volume lie one after the other, each with the voxels in the order slices, height, width, the last fastest. */
  readonly channels: readonly Channel[];
}

export interface Channel {
  /** The lowest and the highest value that a network sees; what is changed stays in between. */
  readonly range: readonly [lowest: number, highest: number];
  /** What these two were before, such as Hounsfield units; null where values are not cut to a window. */
  readonly window: readonly [lowest: number, highest: number] | null;
  /** The value outside of the volume. */
  readonly padding: number;
}

/** Voxels of one channel. */
export function voxelCount({ sizes: [slices, height, width] }: VolumeGrid): number {
  return slices * height * width;
}
