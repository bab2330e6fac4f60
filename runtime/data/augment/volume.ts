import type { GeometricAugmentation, ValueAugmentation, VolumeAugmentation } from "../../../compiler/index.ts";
import { type Affine, compose, reversedAxes } from "./affine.ts";
import { blur } from "./blur.ts";
import { drawCrop } from "./crop.ts";
import { type AugmentDraw, eitherSide, type Random, randomOf, uniform } from "./draw.ts";
import { flip, reverse } from "./flip.ts";
import type { VolumeGrid } from "./grid.ts";
import { intensity } from "./intensity.ts";
import { addNoise } from "./noise.ts";
import type { Placed } from "./operations.ts";
import { resample } from "./resample.ts";
import { resampleNearest } from "./resample-nearest.ts";
import { rotate } from "./rotate.ts";
import { scale } from "./scale.ts";
import { drawShift } from "./shift.ts";
import { mapValues } from "./values.ts";
import { moveWindow } from "./window.ts";

/**
 * A volume or an image after the random changes of one example in one step. It takes the values over: they may be changed where they
 * are, so that there are never more than two volumes. Changes of geometry with no change of values between them are one
 * resampling, or none where voxels only change places.
 */
export function augmentVolume(
  values: Float32Array<ArrayBuffer>,
  grid: VolumeGrid,
  operations: readonly Placed<VolumeAugmentation>[],
  draw: AugmentDraw,
): Float32Array<ArrayBuffer> {
  return augmented(values, grid, operations, draw, { resample, changeValues });
}

/**
 * A label map after the same changes: its voxels go where those of its volume do, which are the same draws, and are the nearest ones
 * there; what changes values changes no label.
 */
export function augmentLabels(
  values: Float32Array<ArrayBuffer>,
  grid: VolumeGrid,
  operations: readonly Placed<VolumeAugmentation>[],
  draw: AugmentDraw,
): Float32Array<ArrayBuffer> {
  return augmented(values, grid, operations, draw, { resample: resampleNearest, changeValues: () => undefined });
}

/** How voxels are moved and changed. */
interface Changes {
  readonly resample: typeof resample;
  readonly changeValues: typeof changeValues;
}

function augmented(
  values: Float32Array<ArrayBuffer>,
  grid: VolumeGrid,
  operations: readonly Placed<VolumeAugmentation>[],
  draw: AugmentDraw,
  changes: Changes,
): Float32Array<ArrayBuffer> {
  let current = values;
  let pending: Affine | null = null;
  for (const { operation, place } of operations) {
    const random = randomOf(draw, place);
    if (random() >= operation.chance) continue;
    if (isGeometric(operation)) {
      const from = placesOf(operation, grid, random);
      pending = pending === null ? from : compose(pending, from);
      continue;
    }
    // Also where values stay: what left the volume here does not come back.
    if (pending !== null) current = moved(current, grid, pending, changes);
    pending = null;
    changes.changeValues(current, operation, grid, random);
  }
  return pending === null ? current : moved(current, grid, pending, changes);
}

function moved(
  values: Float32Array<ArrayBuffer>,
  grid: VolumeGrid,
  from: Affine,
  changes: Changes,
): Float32Array<ArrayBuffer> {
  const axes = reversedAxes(from, grid.sizes);
  if (axes === null) return changes.resample(values, grid, from);
  reverse(values, axes, grid);
  return values;
}

function isGeometric(operation: VolumeAugmentation): operation is GeometricAugmentation {
  switch (operation.kind) {
    case "flip":
    case "shift":
    case "rotate":
    case "scale":
    case "crop":
      return true;
    case "intensity":
    case "noise":
    case "blur":
    case "window":
      return false;
  }
}

/** Draws where each voxel comes from. */
function placesOf(operation: GeometricAugmentation, grid: VolumeGrid, random: Random): Affine {
  switch (operation.kind) {
    case "flip":
      return flip(operation.axis, grid);
    case "shift":
      return drawShift(operation, grid, random);
    case "rotate":
      return rotate(operation.axis, eitherSide(random, operation.degrees), grid);
    case "scale":
      return scale(uniform(random, operation.range), grid);
    case "crop":
      return drawCrop(operation.share, grid, random);
  }
}

/** Draws what becomes of values, and changes them. */
function changeValues(values: Float32Array, operation: ValueAugmentation, grid: VolumeGrid, random: Random): void {
  switch (operation.kind) {
    case "intensity": {
      const [shift, spread] = [eitherSide(random, operation.shift), eitherSide(random, operation.scale)];
      mapValues(values, grid, (channel) => intensity(shift, spread, channel));
      return;
    }
    case "window": {
      const [low, high] = [eitherSide(random, operation.jitter), eitherSide(random, operation.jitter)];
      mapValues(values, grid, (channel) => moveWindow(low, high, channel));
      return;
    }
    case "noise":
      addNoise(values, grid, uniform(random, [0, operation.std]), Math.floor(random() * 2 ** 32));
      return;
    case "blur":
      blur(values, grid, uniform(random, operation.sigma));
      return;
  }
}
