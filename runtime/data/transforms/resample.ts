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

/**
 * Linear resampling of an axis of `length` voxels, `spacing` mm apart, to voxels `target` mm apart, of which the middle
 * `size` are kept, or all with padding around. Half-pixel centres, as torch.nn.functional.interpolate has them with
 * align_corners = false and sizes given: the scale is length / new length, not the ratio of the spacings. The order of
 * operations is CT-CLIP's, since a size is cut to a whole number. A flipped axis is reversed before. The new length as the
 * problem where it is no sensible one.
 */
export function resampleAxis(
  length: number,
  spacing: number,
  target: number,
  size: number,
  flipped = false,
): Result<ResampledAxis, number> {
  const resampled = Math.trunc(length * (spacing / target));
  if (!(resampled >= 1 && resampled <= mostResampled)) return failed(resampled);
  const start = Math.max(Math.floor((resampled - size) / 2), 0);
  const count = Math.min(resampled, size);
  const below = new Int32Array(count);
  const above = new Int32Array(count);
  const weight = new Float64Array(count);
  const scale = length / resampled;
  for (let index = 0; index < count; index++) {
    const source = Math.max(scale * (start + index + 0.5) - 0.5, 0);
    const lower = Math.min(Math.trunc(source), length - 1);
    const upper = Math.min(lower + 1, length - 1);
    below[index] = flipped ? length - 1 - lower : lower;
    above[index] = flipped ? length - 1 - upper : upper;
    weight[index] = source - lower;
  }
  return ok({ before: Math.floor((size - count) / 2), count, below, above, weight });
}

/** Stored voxels that an axis needs: from the first up to, and without, the last. */
export function neededFrom({ below, above }: ResampledAxis): number {
  return Math.min(at(below, 0), at(above, above.length - 1));
}

export function neededTo({ below, above }: ResampledAxis): number {
  return Math.max(at(below, 0), at(above, above.length - 1)) + 1;
}
