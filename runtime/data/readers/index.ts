export { readSlices } from "./nifti.ts";
export {
  encodeNpyHeader,
  longestNpyHeader,
  type NpyType,
  npyBytes,
  parseNpyHeader,
  widened,
} from "./npy.ts";
export { nearNames, readTable } from "./table.ts";
export { scanTar } from "./tar.ts";
export { blockBytes } from "./tar-header.ts";
export type { SliceTaker, VolumeHeader } from "./volume.ts";
export { toDoubles, type Voxels } from "./voxels.ts";
