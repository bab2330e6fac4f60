import { type Fault, fault } from "../problem.ts";
import type { VolumeHeader } from "./volume.ts";

const longestAxis = 4096;
const mostVoxelBytes = 1.5 * 2 ** 30;

/** What is wrong with the size of a volume whose voxels have some bytes each. */
export function volumeSizeFaults(sizes: VolumeHeader["sizes"], bytesEach: number): readonly Fault[] {
  const [x, y, z] = sizes;
  const shown = sizes.join(" x ");
  if (sizes.some((size) => size > longestAxis)) {
    return [fault(`its ${shown} voxels are more than ${longestAxis} along an axis`)];
  }
  const bytes = x * y * z * bytesEach;
  if (bytes <= mostVoxelBytes) return [];
  const message = `its ${shown} voxels need ${(bytes / 2 ** 30).toFixed(1)} GiB, but at most 1.5 GiB are supported`;
  return [fault(message, "A volume of 16-bit whole numbers takes a quarter of the memory of 64-bit floats.")];
}
