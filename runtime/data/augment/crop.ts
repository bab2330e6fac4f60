import { type Affine, diagonal } from "./affine.ts";
import { type Random, uniform } from "./draw.ts";
import type { VolumeGrid } from "./grid.ts";

/**
 * A part of the volume, enlarged to the whole: it has a share of each length, the same one for all as MONAI's RandScaleCrop has it,
 * and begins anywhere. All of it is content: a window of the network's size moved over the volume would bring in padding,
 * which is what `shift` is for.
 */
export function drawCrop(share: readonly [number, number], { sizes }: VolumeGrid, random: Random): Affine {
  const part = uniform(random, share);
  const start = (size: number): number => (1 - part) * (size - 1) * random();
  return { matrix: diagonal([part, part, part]), offset: [start(sizes[0]), start(sizes[1]), start(sizes[2])] };
}
