import { erf } from "../../../compiler/erf.ts";
import type { VolumeGrid } from "./grid.ts";

/**
 * A Gaussian over all three axes, one after the other, with a standard deviation in voxels. The kernel is MONAI's: its weights are the
 * areas under the curve over each voxel, up to four deviations away; but they are made to add up to 1. Beyond the edges a
 * volume is its mirror image, as TorchIO's RandomBlur has it, and not zeros, which would draw a frame around what is cut.
 */
export function blur(values: Float32Array, { sizes: [slices, height, width] }: VolumeGrid, sigma: number): void {
  const kernel = gaussian(sigma);
  const plane = height * width;
  const volume = slices * plane;
  const rows = new Float32Array(Math.max(slices, height) * width);
  for (let start = 0; start < values.length; start += volume) {
    for (let y = 0; slices > 1 && y < height; y++) {
      blurRows(values, start + y * width, plane, slices, width, kernel, rows);
    }
    for (let z = 0; height > 1 && z < slices; z++) {
      blurRows(values, start + z * plane, width, height, width, kernel, rows);
    }
  }
  if (width > 1) blurAlong(values, width, kernel);
}

/** The weights of a voxel itself, and of those at each distance. */
export function gaussian(sigma: number): Float64Array {
  const reach = Math.floor(Math.max(4 * sigma, 0.5) + 0.5);
  const area = (distance: number): number => erf(distance / (Math.SQRT2 * sigma)) / 2;
  const weights = Float64Array.from(
    { length: reach + 1 },
    (_, distance) => area(distance + 0.5) - area(distance - 0.5),
  );
  const sum = weights.reduce((total, weight, distance) => total + (distance === 0 ? weight : 2 * weight), 0);
  return weights.map((weight) => weight / sum);
}

/** The place that a mirror image has at a place outside: d c b a | a b c d | d c b a. */
function mirrored(place: number, count: number): number {
  const within = ((place % (2 * count)) + 2 * count) % (2 * count);
  return within < count ? within : 2 * count - 1 - within;
}

/** Across rows that are `stride` apart: each becomes a sum of whole rows. */
function blurRows(
  values: Float32Array,
  start: number,
  stride: number,
  count: number,
  width: number,
  kernel: Float64Array,
  rows: Float32Array,
): void {
  for (let row = 0; row < count; row++) {
    const at = start + row * stride;
    rows.set(values.subarray(at, at + width), row * width);
  }
  const before = new Int32Array(kernel.length);
  const after = new Int32Array(kernel.length);
  for (let row = 0; row < count; row++) {
    for (let distance = 0; distance < kernel.length; distance++) {
      before[distance] = mirrored(row - distance, count) * width;
      after[distance] = mirrored(row + distance, count) * width;
    }
    weigh(rows, before, after, kernel, values, start + row * stride, width);
  }
}

/** Along the rows of a volume. */
function blurAlong(values: Float32Array, width: number, kernel: Float64Array): void {
  const reach = kernel.length - 1;
  const before = Int32Array.from(kernel, (_, distance) => reach - distance);
  const after = Int32Array.from(kernel, (_, distance) => reach + distance);
  const row = new Float32Array(width + 2 * reach);
  for (let start = 0; start < values.length; start += width) {
    row.set(values.subarray(start, start + width), reach);
    for (let outside = 0; outside < reach; outside++) {
      row[outside] = values[start + mirrored(outside - reach, width)] ?? 0;
      row[reach + width + outside] = values[start + mirrored(width + outside, width)] ?? 0;
    }
    weigh(row, before, after, kernel, values, start, width);
  }
}

/** Writes weighted sums of stretches of numbers, those before and those after at the same distance with the same weight. */
function weigh(
  rows: Float32Array,
  before: Int32Array,
  after: Int32Array,
  kernel: Float64Array,
  into: Float32Array,
  start: number,
  width: number,
): void {
  // No `?? 0` in here ever counts.
  const own = kernel[0] ?? 0;
  const middle = before[0] ?? 0;
  for (let x = 0; x < width; x++) {
    let sum = own * (rows[middle + x] ?? 0);
    for (let distance = 1; distance < kernel.length; distance++) {
      sum +=
        (kernel[distance] ?? 0) * ((rows[(before[distance] ?? 0) + x] ?? 0) + (rows[(after[distance] ?? 0) + x] ?? 0));
    }
    into[start + x] = sum;
  }
}
