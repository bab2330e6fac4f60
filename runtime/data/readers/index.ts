export { readSlices } from "./nifti.ts";
export { nearNames, readTable } from "./table.ts";
export type { SliceTaker, VolumeHeader } from "./volume.ts";
export { toDoubles, type Voxels } from "./voxels.ts";
