export { isDicomFolder } from "./dicom/index.ts";
export { decodeImage, type Pixels } from "./image.ts";
export { readImageHeader } from "./image-header.ts";
export {
  encodeNpyHeader,
  longestNpyHeader,
  type NpyType,
  npyBytes,
  parseNpyHeader,
  widened,
} from "./npy.ts";
export { isArrayFile, readSlices } from "./read-slices.ts";
export { isParquet, nearNames, readTable } from "./table.ts";
export { scanTar } from "./tar.ts";
export { blockBytes } from "./tar-header.ts";
export type { Affine, SliceTaker, VolumeHeader } from "./volume.ts";
export { readVolumeHeader } from "./volume-header.ts";
export { toDoubles, type Voxels } from "./voxels.ts";
