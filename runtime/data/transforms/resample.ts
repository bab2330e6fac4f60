import { at } from "../../at.ts";
import { failed, ok, type Result } from "../../text/index.ts";

/** How one axis is resampled and cropped: for every voxel that is kept, the two stored ones that it lies between. */
export interface ResampledAxis {
  /** Voxels of padding before the first that is kept. */
  readonly before: number;
  /** Voxels that are kept. */
  readonly count: number;
  /** Stored voxels below and above each, the same one at the ends. */
  readonly below: Int32Array;
  readonly above: Int32Array;
  /** The share of the one above. */
  readonly weight: Float64Array;
}

/** More voxels than this along an axis come from spacings that are nonsense. */
const mostResampled = 2 ** 24;

/**
 * Linear resampling of an axis of `length` voxels, `spacing` mm apart, to voxels `target` mm apart, of which the middle
 * `size` are kept, or all with padding around. Half-pixel centres, as torch.nn.functional.interpolate has them with
 * align_corners = false and sizes given: the scale is length / new length, not the ratio of the spacings. The order of
 * operations is CT-CLIP's, since a size is cut to a whole number. The new length as the problem where it is no sensible one.
 */
export function resampleAxis(
  length: number,
  spacing: number,
  target: number,
  size: number,
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
    below[index] = lower;
    above[index] = Math.min(lower + 1, length - 1);
    weight[index] = source - lower;
  }
  return ok({ before: Math.floor((size - count) / 2), count, below, above, weight });
}

/** Stored voxels that an axis needs: from the first up to, and without, the last. */
export function neededFrom({ below }: ResampledAxis): number {
  return at(below, 0);
}

export function neededTo({ above }: ResampledAxis): number {
  return at(above, above.length - 1) + 1;
}
