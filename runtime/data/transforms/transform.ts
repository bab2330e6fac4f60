import type { DataSettings } from "../../../compiler/index.ts";
import type { Result } from "../../text/index.ts";
import type { Fault } from "../problem.ts";
import type { SliceTaker, VolumeHeader } from "../readers/index.ts";
import type { PackedVolume } from "./packed-volume.ts";

/** What the metadata say of a volume. */
export interface VolumeMetadata {
  /** Hounsfield units are slope * value + intercept. */
  readonly slope: number;
  readonly intercept: number;
  /** Millimetres from voxel to voxel within a slice, and from slice to slice. */
  readonly xySpacing: number;
  readonly zSpacing: number;
}

/** Those of a volume of which a data set says nothing: what its file says counts. */
export const unstatedMetadata: VolumeMetadata = { slope: 1, intercept: 0, xySpacing: 1, zSpacing: 1 };

/** What decides how a transform preprocesses a volume. */
export type TransformSettings = Pick<DataSettings, "spacing" | "size" | "window" | "storage">;

/**
 * What happens to a volume between its reader and the network: stored voxels come in slice by slice, and `size` values from -1
 * to 1 come out, without those of -1 that are padding. All of it is one transform, and not a list of steps, so that it may
 * compute in one pass and only what is kept.
 */
export interface Transform {
  /** Everything that is wrong with a volume's metadata, whatever its header says. */
  readonly metadataFaults: (metadata: VolumeMetadata) => readonly Fault[];
  /** What starts to take the slices of a volume, whose metadata have no fault; or why there can be nothing. */
  readonly plan: (
    header: VolumeHeader,
    metadata: VolumeMetadata,
    settings: TransformSettings,
  ) => Result<() => SliceTaker<PackedVolume>, Fault>;
}
