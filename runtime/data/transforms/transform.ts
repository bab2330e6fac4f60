import type { VolumeSettings } from "../../../compiler/index.ts";
import type { Result } from "../../text/index.ts";
import type { Fault } from "../problem.ts";
import type { SliceTaker, VolumeHeader } from "../readers/index.ts";
import type { PackedVolume } from "./packed-volume.ts";
import type { SurveyedVoxels } from "./voxel-survey.ts";

/** What the metadata say of a volume. */
export interface VolumeMetadata {
  /** Hounsfield units are slope * value + intercept. */
  readonly slope: number;
  readonly intercept: number;
  /** Millimetres from voxel to voxel within a slice, and from slice to slice; null where the file has to say it. */
  readonly xySpacing: number | null;
  readonly zSpacing: number | null;
}

/** Those of a volume of which a data set says nothing: what its file says counts. */
export const unstatedMetadata: VolumeMetadata = { slope: 1, intercept: 0, xySpacing: null, zSpacing: null };

/**
 * What happens to a volume between its reader and the network: stored voxels come in slice by slice, and for each window `size`
 * values in the range come out. All of it is one transform, and not a list of steps, so that it may
 * compute in one pass and only what is kept.
 */
export interface Transform {
  /** Everything that is wrong with a volume's metadata, whatever its header says. */
  readonly metadataFaults: (metadata: VolumeMetadata) => readonly Fault[];
  /**
   * What starts to take the slices of a volume, whose metadata have no fault; or why there can be nothing. Before the voxels were
   * surveyed, whose settings need that, it can be planned, but not started. What comes out is in `used` where that is memory of its size.
   */
  readonly plan: (
    header: VolumeHeader,
    metadata: VolumeMetadata,
    settings: VolumeSettings,
    surveyed: SurveyedVoxels | null,
  ) => Result<(used: ArrayBuffer | null) => SliceTaker<PackedVolume>, Fault>;
}
