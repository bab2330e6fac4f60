import type { Grid } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { failed, ok, type Result } from "../../text/index.ts";

/** How one axis is resampled and cropped: for every voxel that is kept, the two stored ones that it lies between. */
export interface ResampledAxis {
  /** Voxels of padding before the first that is kept. */
  readonly before: number;
  /** Voxels that are kept. */
  readonly count: number;
  /** Stored voxels before and behind each, in the order of the kept ones; the same one at the ends. */
  readonly below: Int32Array;
  readonly above: Int32Array;
  /** The share of the one in `above`. */
  readonly weight: Float64Array;
}

/** More voxels than this along an axis come from spacings that are nonsense. */
const mostResampled = 2 ** 24;

/** Stored voxels along an axis, from the first up to, and without, the last. */
export type Extent = readonly [from: number, to: number];

/** An axis of a volume, and what it is to become. */
export interface AxisToResample {
  /** The first stored voxel that counts, how many do, and how many mm they are apart. */
  readonly from: number;
  readonly length: number;
  readonly spacing: number;
  /** How many mm they are to be apart, and how many of them are kept. */
  readonly target: number;
  readonly size: number;
  readonly grid: Grid | "squash";
}

/** The rules of a grid. */
interface GridRules {
  /** How many voxels there are after resampling; the order of operations is that of the code that they are from. */
  readonly lengthOf: (axis: AxisToResample) => number;
  /** The place of a resampled voxel among the stored ones, which are cut off at the ends of the axis. */
  readonly placeOf: (axis: AxisToResample, resampled: number, index: number) => number;
  /** The first voxel of the middle `size`, and how many voxels of padding stand before where more are missing. */
  readonly cropBefore: (resampled: number, size: number) => number;
  readonly padBefore: (missing: number) => number;
}

// Half-pixel centres, as torch.nn.functional.interpolate has them with align_corners = false and sizes given: the scale is
// length / new length, not the ratio of the spacings.
const torch: GridRules = {
  lengthOf: ({ length, spacing, target }) => Math.trunc(length * (spacing / target)),
  placeOf: ({ length }, resampled, index) => (length / resampled) * (index + 0.5) - 0.5,
  cropBefore: (resampled, size) => Math.floor((resampled - size) / 2),
  padBefore: (missing) => Math.floor(missing / 2),
};

const rules: Readonly<Record<Grid | "squash", GridRules>> = {
  torch,
  // The whole axis, whatever the spacing.
  squash: { ...torch, lengthOf: ({ size }) => size },
  // TorchIO's Resample and CropOrPad: new voxels are exactly that far apart, about the middle of the axis.
  torchio: {
    lengthOf: ({ length, spacing, target }) => Math.floor((length * spacing) / target),
    placeOf: ({ length, spacing, target }, resampled, index) =>
      (length - 1) / 2 + (index - (resampled - 1) / 2) * (target / spacing),
    cropBefore: (resampled, size) => Math.ceil((resampled - size) / 2),
    padBefore: (missing) => Math.ceil(missing / 2),
  },
  // MONAI's Spacing, CenterSpatialCrop and SpatialPad: exactly that far apart, from the middle of the first stored voxel on.
  monai: {
    lengthOf: ({ length, spacing, target }) => roundHalfToEven(((length - 1) * spacing) / target + 1),
    placeOf: ({ spacing, target }, _, index) => index * (target / spacing),
    cropBefore: (resampled, size) => Math.floor(resampled / 2) - Math.floor(size / 2),
    padBefore: (missing) => Math.floor(missing / 2),
  },
};

/** As NumPy has it. */
function roundHalfToEven(value: number): number {
  return value % 2 === 0.5 ? Math.floor(value) : Math.round(value);
}

/**
 * Linear resampling of an axis, of which the middle `size` voxels are kept, or all with padding around. A flipped axis is reversed
 * before. The new length as the problem where it is no sensible one.
 */
export function resampleAxis(planned: AxisToResample, flipped = false): Result<ResampledAxis, number> {
  const { from, length, size } = planned;
  const { lengthOf, placeOf, cropBefore, padBefore } = rules[planned.grid];
  const resampled = lengthOf(planned);
  if (!(resampled >= 1 && resampled <= mostResampled)) return failed(resampled);
  const count = Math.min(resampled, size);
  const start = resampled > size ? cropBefore(resampled, size) : 0;
  const below = new Int32Array(count);
  const above = new Int32Array(count);
  const weight = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const source = Math.max(placeOf(planned, resampled, start + index), 0);
    const lower = Math.min(Math.trunc(source), length - 1);
    const upper = Math.min(lower + 1, length - 1);
    below[index] = flipped ? from + length - 1 - lower : from + lower;
    above[index] = flipped ? from + length - 1 - upper : from + upper;
    weight[index] = source - lower;
  }
  return ok({ before: padBefore(size - count), count, below, above, weight });
}

/** Stored voxels that an axis needs: from the first up to, and without, the last. */
export function neededFrom({ below, above }: ResampledAxis): number {
  return Math.min(at(below, 0), at(above, above.length - 1));
}

export function neededTo({ below, above }: ResampledAxis): number {
  return Math.max(at(below, 0), at(above, above.length - 1)) + 1;
}
