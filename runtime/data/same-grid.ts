import { at } from "../at.ts";
import { failed, ok, type Result } from "../text/index.ts";
import { asStored, type ByAxis, nearestAxes, reordering, type TakenAxis, voxelSizes } from "./orientation.ts";
import type { Affine, VolumeHeader } from "./readers/index.ts";

/** How far apart, in voxels, the corners of a grid may be that two files state: far less than half a voxel, far more than their digits. */
const tolerance = 0.1;

/**
 * Where each stored axis of a volume is in a label map of it, which may be stored in another order and direction but has the same voxels.
 * The problem, in words with `its`, where it does not.
 */
export function axesOnGrid(volume: VolumeHeader, own: VolumeHeader): Result<ByAxis<TakenAxis>, string> {
  const [ofVolume, ofOwn] = [volume.affine, own.affine];
  if (ofVolume === null || ofOwn === null) {
    if (ofVolume !== ofOwn) {
      const [states, other] =
        ofOwn === null ? ["states no orientation", "does"] : ["states an orientation", "does not"];
      return failed(`its file ${states}, and that of the volume ${other}`);
    }
    return own.sizes.join() === volume.sizes.join() ? ok(asStored) : failed(otherSizes(own.sizes, volume.sizes));
  }
  const taken = reordering(nearestAxes(ofOwn).codes, nearestAxes(ofVolume).codes);
  const sizes = taken.map(({ from }) => own.sizes[from]);
  if (sizes.join() !== volume.sizes.join()) return failed(otherSizes(sizes, volume.sizes));
  const [mm, ofVolumeMm] = [taken.map(({ from }) => voxelSizes(ofOwn)[from]), voxelSizes(ofVolume)];
  if (mm.some((own, axis) => Math.abs(own - at(ofVolumeMm, axis)) * at(volume.sizes, axis) > tolerance * own)) {
    return failed(`its voxels have ${millimetres(...mm)}, and those of the volume ${millimetres(...ofVolumeMm)}`);
  }
  const limit = tolerance * Math.min(...voxelSizes(ofVolume));
  for (let corner = 0; corner < 8; corner++) {
    const place = volume.sizes.map((size, axis) => ((corner >> axis) & 1) * (size - 1));
    const there = [0, 0, 0];
    for (const [axis, { from, flipped }] of taken.entries()) {
      there[from] = flipped ? at(volume.sizes, axis) - 1 - at(place, axis) : at(place, axis);
    }
    const apart = distance(positionOf(ofVolume, place), positionOf(ofOwn, there));
    if (apart > limit) return failed(`it lies ${millimetres(apart)} from there`);
  }
  return ok(taken);
}

function otherSizes(own: readonly number[], volume: readonly number[]): string {
  return `it has ${own.join(" x ")} voxels, and the volume ${volume.join(" x ")}`;
}

/** Where a voxel is, in millimetres. */
function positionOf(affine: Affine, place: readonly number[]): readonly number[] {
  return affine.map((row) => row[3] + place.reduce((sum, index, axis) => sum + at(row, axis) * index, 0));
}

function distance(one: readonly number[], other: readonly number[]): number {
  return Math.hypot(...one.map((value, axis) => value - at(other, axis)));
}

function millimetres(...lengths: readonly number[]): string {
  return `${lengths.map((length) => Number(length.toPrecision(4))).join(" x ")} mm`;
}
