import { type Affine, aroundMiddle, diagonal } from "./affine.ts";
import type { VolumeGrid } from "./grid.ts";

/** Enlarges the content by a factor around the middle, as MONAI's Zoom does; below 1 there is padding around. */
export function scale(factor: number, { sizes }: VolumeGrid): Affine {
  return aroundMiddle(diagonal([1 / factor, 1 / factor, 1 / factor]), sizes);
}
