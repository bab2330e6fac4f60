import type { Affine } from "./affine.ts";
import { type VolumeGrid, voxelCount } from "./grid.ts";

/**
 * Takes each voxel from the one that is nearest to where an affine says, so that no value is new. A place that is nearer to a voxel
 * outside has the padding value.
 */
export function resampleNearest(
  values: Float32Array,
  grid: VolumeGrid,
  { matrix: [ofZ, ofY, ofX], offset }: Affine,
): Float32Array<ArrayBuffer> {
  const [slices, height, width] = grid.sizes;
  const count = voxelCount(grid);
  const into = new Float32Array(count * grid.channels.length);
  for (const [channel, { padding }] of grid.channels.entries()) {
    let target = channel * count;
    for (let z = 0; z < slices; z++) {
      for (let y = 0; y < height; y++) {
        const startZ = ofZ[0] * z + ofZ[1] * y + offset[0] + 0.5;
        const startY = ofY[0] * z + ofY[1] * y + offset[1] + 0.5;
        const startX = ofX[0] * z + ofX[1] * y + offset[2] + 0.5;
        for (let x = 0; x < width; x++) {
          const fromZ = Math.floor(startZ + ofZ[2] * x);
          const fromY = Math.floor(startY + ofY[2] * x);
          const fromX = Math.floor(startX + ofX[2] * x);
          const isInside = fromZ >= 0 && fromZ < slices && fromY >= 0 && fromY < height && fromX >= 0 && fromX < width;
          const from = channel * count + (fromZ * height + fromY) * width + fromX;
          into[target++] = isInside ? (values[from] ?? padding) : padding;
        }
      }
    }
  }
  return into;
}
