import type { SpatialAxis } from "../../../compiler/index.ts";
import { type Affine, aroundMiddle } from "./affine.ts";
import type { VolumeGrid } from "./grid.ts";

/**
 * Turns the content around an axis through the middle. It is a rotation in millimetres, so that shapes stay as they are where voxels
 * are longer along one axis: TorchIO's Affine, and where voxels are cubes MONAI's with the opposite angle.
 */
export function rotate(axis: SpatialAxis, degrees: number, { sizes, spacing }: VolumeGrid): Affine {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [slices, height, width] = spacing;
  switch (axis) {
    case "slices":
      return aroundMiddle(
        [
          [1, 0, 0],
          [0, cos, (sin * width) / height],
          [0, (-sin * height) / width, cos],
        ],
        sizes,
      );
    case "height":
      return aroundMiddle(
        [
          [cos, 0, (-sin * width) / slices],
          [0, 1, 0],
          [(sin * slices) / width, 0, cos],
        ],
        sizes,
      );
    case "width":
      return aroundMiddle(
        [
          [cos, (sin * height) / slices, 0],
          [(-sin * slices) / height, cos, 0],
          [0, 0, 1],
        ],
        sizes,
      );
  }
}
