import type { Fault } from "../problem.ts";
import type { Voxels, VoxelType } from "./voxels.ts";

/** What is known of a volume before its voxels. */
export interface VolumeHeader {
  readonly type: VoxelType;
  /** Voxels along x, which is fastest in the file, y and z. */
  readonly sizes: readonly [x: number, y: number, z: number];
  /** A voxel's value is slope * stored + intercept, in 64-bit floats. */
  readonly slope: number;
  readonly intercept: number;
}

/** What makes something of a volume, slice by slice along z; a slice's memory is filled anew for the next one. */
export interface SliceTaker<Made> {
  readonly take: (slice: Voxels, z: number) => void;
  /** Complete when the last slice was taken. */
  readonly result: Made;
}

/** Everything that is wrong with a file, of which there is something. */
export type Faults = readonly [Fault, ...Fault[]];
