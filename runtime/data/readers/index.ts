export { readCsv } from "./csv.ts";
export { isDicomFolder } from "./dicom/index.ts";
export { readSlices } from "./read-slices.ts";
export type { SliceTaker, VolumeHeader } from "./volume.ts";
export { toDoubles, type Voxels } from "./voxels.ts";
