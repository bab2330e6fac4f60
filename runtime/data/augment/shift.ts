import type { VolumeAugmentation } from "../../../compiler/index.ts";
import { type Affine, diagonal, type Triple } from "./affine.ts";
import type { Random } from "./draw.ts";
import type { VolumeGrid } from "./grid.ts";

type Shift = Extract<VolumeAugmentation, { readonly kind: "shift" }>;

/** Moves the content by so many voxels towards the end of each axis: what MONAI's Affine does with the opposite translation. */
export function shift([slices, height, width]: Triple): Affine {
  return { matrix: diagonal([1, 1, 1]), offset: [-slices, -height, -width] };
}

/** Whole voxels, each number as likely, so that a shift alone copies values as they are. */
export function drawShift({ by }: Shift, { sizes }: VolumeGrid, random: Random): Affine {
  const limit = (axis: 0 | 1 | 2): number => (by.unit === "voxels" ? by.most[axis] : Math.round(by.most * sizes[axis]));
  const drawn = (axis: 0 | 1 | 2): number => Math.floor(random() * (2 * limit(axis) + 1)) - limit(axis);
  return shift([drawn(0), drawn(1), drawn(2)]);
}
