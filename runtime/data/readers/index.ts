export { readCsv } from "./csv.ts";
export { decodeImage, type Pixels } from "./image.ts";
export { readSlices } from "./nifti.ts";
export type { SliceTaker, VolumeHeader } from "./volume.ts";
export { toDoubles, type Voxels } from "./voxels.ts";
