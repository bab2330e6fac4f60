export { readCsv } from "./csv.ts";
export { readSlices } from "./nifti.ts";
export type { Affine, SliceTaker, VolumeHeader } from "./volume.ts";
export { readVolumeHeader } from "./volume-header.ts";
export { toDoubles, type Voxels } from "./voxels.ts";
