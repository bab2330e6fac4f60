import type { Result } from "../../text/index.ts";
import type { Fault } from "../problem.ts";
import type { Voxels, VoxelType } from "./voxels.ts";

type Row = readonly [number, number, number, number];

/**
 * Voxel indices (x, y, z) to millimetres to the patient's right, front and head, as
 * NIfTI has it (RAS+): three rows of four. It is invertible and all of it is finite.
 */
export type Affine = readonly [Row, Row, Row];

/** What is known of a volume before its voxels. */
export interface VolumeHeader {
  readonly type: VoxelType;
  /** Voxels along x, which is fastest in the file, y and z. */
  readonly sizes: readonly [x: number, y: number, z: number];
  /** A voxel's value is slope * stored + intercept, in 64-bit floats. */
  readonly slope: number;
  readonly intercept: number;
  /** What values are after that scaling: Hounsfield units where the file says so, and otherwise whatever was stored. */
  readonly units: "stored" | "hounsfield";
  /** Null where the file does not say where the patient is. */
  readonly affine: Affine | null;
  /** Why there is no affine, in words. */
  readonly noAffine?: string;
  /** Millimetres from voxel to voxel along x, y and z, which a file may state without an affine. */
  readonly spacing?: readonly [x: number, y: number, z: number];
}

/** What makes something of a volume, slice by slice along z; a slice's memory is filled anew for the next one. */
export interface SliceTaker<Made> {
  readonly take: (slice: Voxels, z: number) => void;
  /** Complete when the last slice was taken. */
  readonly result: Made;
}

/** What takes the slices of a volume, by its header, or why nothing can. */
export type Begin<Made, Header = VolumeHeader> = (header: Header) => Result<SliceTaker<Made>, Fault>;

/** What was made of a volume. */
export interface ReadSlices<Made, Header = VolumeHeader> {
  readonly header: Header;
  readonly result: Made;
  /** What was passed over. */
  readonly notes: readonly string[];
}

/** Everything that is wrong with a file, of which there is something. */
export type Faults = readonly [Fault, ...Fault[]];
