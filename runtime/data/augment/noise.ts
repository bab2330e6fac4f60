import { erf } from "../../../compiler/erf.ts";
import { bitsAt } from "../../random.ts";
import { type VolumeGrid, voxelCount } from "./grid.ts";

/**
 * Adds Gaussian noise with a standard deviation that is a share of the range, and cuts to the range. The noise of a voxel follows
 * from the seed and the voxel's place alone: 16 bits, as the quantile in the middle of what they stand for.
 */
export function addNoise(values: Float32Array, grid: VolumeGrid, std: number, seed: number): void {
  const normals = quantiles();
  const count = voxelCount(grid);
  for (const [index, { range }] of grid.channels.entries()) {
    const [lowest, highest] = range;
    const deviation = std * (highest - lowest);
    for (let at = index * count; at < (index + 1) * count; at++) {
      const bits = bitsAt(seed, at >>> 1);
      // No `?? 0` in here ever counts: there is a quantile for all of 16 bits.
      const value = (values[at] ?? 0) + deviation * (normals[(at & 1) === 0 ? bits >>> 16 : bits & 0xffff] ?? 0);
      values[at] = Math.min(Math.max(value, lowest), highest);
    }
  }
}

const bins = 2 ** 16;
let known: Float32Array | null = null;

/** The quantiles of the normal distribution in the middles of 65,536 equal shares; computed once, when they are needed. */
function quantiles(): Float32Array {
  if (known !== null) return known;
  const half = bins / 2;
  const table = new Float32Array(bins);
  let quantile = 0;
  for (let bin = 0; bin < half; bin++) {
    // Newton's method from the bin before, for 2 * share - 1 = erf(quantile / sqrt 2).
    const wanted = (2 * bin + 1) / bins;
    for (let round = 0; round < 4; round++) {
      const slope = Math.sqrt(2 / Math.PI) * Math.exp((-quantile * quantile) / 2);
      quantile += (wanted - erf(quantile / Math.SQRT2)) / slope;
    }
    table[half + bin] = quantile;
    table[half - 1 - bin] = -quantile;
  }
  known = table;
  return table;
}
