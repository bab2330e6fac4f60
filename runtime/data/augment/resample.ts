import type { Affine, Triple } from "./affine.ts";
import { type VolumeGrid, voxelCount } from "./grid.ts";

/**
 * Takes each voxel from where an affine says, between the eight voxels around that place, in 64-bit floats. All voxels outside have
 * the padding value, which therefore blends in within one voxel of the edge: what PyTorch's grid_sample does with zeros. The
 * channels share their places.
 */
export function resample(
  values: Float32Array,
  grid: VolumeGrid,
  { matrix, offset }: Affine,
): Float32Array<ArrayBuffer> {
  const [slices, height, width] = grid.sizes;
  const count = voxelCount(grid);
  const into = new Float32Array(count * grid.channels.length);
  const steps: Triple = [matrix[0][2], matrix[1][2], matrix[2][2]];
  for (let z = 0; z < slices; z++) {
    for (let y = 0; y < height; y++) {
      const start = (row: 0 | 1 | 2): number => matrix[row][0] * z + matrix[row][1] * y + offset[row];
      const starts: Triple = [start(0), start(1), start(2)];
      const isFlat = steps[0] === 0 && starts[0] >= 0 && starts[0] < slices && Number.isInteger(starts[0]);
      const [first, last] = within(grid, starts, steps, "one", isFlat);
      const inside = within(grid, starts, steps, "all", isFlat);
      const [from, to] = inside[0] < inside[1] ? inside : [last, last];
      for (const [channel, { padding }] of grid.channels.entries()) {
        const own = channel * count;
        const row = own + (z * height + y) * width;
        into.fill(padding, row, row + first);
        sampleEdge(values, own, grid, padding, starts, steps, first, from, into, row);
        if (isFlat) sampleSlice(values, own, grid, starts, steps, from, to, into, row);
        else sampleVolume(values, own, grid, starts, steps, from, to, into, row);
        sampleEdge(values, own, grid, padding, starts, steps, to, last, into, row);
        into.fill(padding, row + last, row + width);
      }
    }
  }
  return into;
}

/**
 * The voxels of a row whose places have at least one neighbour in the volume, or all of them: from the first up to, and without,
 * the last. On an axis along which a row is flat, the neighbour before is enough.
 */
function within(
  { sizes }: VolumeGrid,
  starts: Triple,
  steps: Triple,
  needed: "one" | "all",
  isFlat: boolean,
): readonly [number, number] {
  let [from, to] = [0, sizes[2]];
  for (const axis of [0, 1, 2] as const) {
    if (axis === 0 && isFlat) continue;
    const [start, step, size] = [starts[axis], steps[axis], sizes[axis]];
    const [lowest, highest] = needed === "one" ? [-1, size] : [0, size - 1];
    const isRight = (x: number): boolean => {
      const place = start + step * x;
      return (needed === "one" ? place > lowest : place >= lowest) && place < highest;
    };
    if (step === 0) {
      if (!isRight(0)) return [0, 0];
      continue;
    }
    const [one, other] = [(lowest - start) / step, (highest - start) / step];
    // Both are rounded, so the condition itself decides.
    let first = Math.min(Math.max(Math.floor(Math.min(one, other)) - 1, from), to);
    let last = Math.max(Math.min(Math.ceil(Math.max(one, other)) + 2, to), first);
    while (first < last && !isRight(first)) first++;
    while (last > first && !isRight(last - 1)) last--;
    [from, to] = [first, last];
  }
  return [from, to];
}

// No `?? 0` in these loops ever counts: places are inside. The arguments are one by one, for objects would be made for each row.

/** Where a row lies in one slice, between four voxels of it. */
function sampleSlice(
  values: Float32Array,
  from: number,
  { sizes: [, height, width] }: VolumeGrid,
  [z, startY, startX]: Triple,
  [, stepY, stepX]: Triple,
  first: number,
  last: number,
  into: Float32Array,
  row: number,
): void {
  const slice = from + z * height * width;
  for (let x = first; x < last; x++) {
    const placeY = startY + stepY * x;
    const placeX = startX + stepX * x;
    const indexY = placeY | 0;
    const indexX = placeX | 0;
    const weightX = placeX - indexX;
    const at = slice + indexY * width + indexX;
    const a = values[at] ?? 0;
    const b = values[at + width] ?? 0;
    const above = a + ((values[at + 1] ?? 0) - a) * weightX;
    const below = b + ((values[at + width + 1] ?? 0) - b) * weightX;
    into[row + x] = above + (below - above) * (placeY - indexY);
  }
}

function sampleVolume(
  values: Float32Array,
  from: number,
  { sizes: [, height, width] }: VolumeGrid,
  [startZ, startY, startX]: Triple,
  [stepZ, stepY, stepX]: Triple,
  first: number,
  last: number,
  into: Float32Array,
  row: number,
): void {
  const plane = height * width;
  for (let x = first; x < last; x++) {
    const placeZ = startZ + stepZ * x;
    const placeY = startY + stepY * x;
    const placeX = startX + stepX * x;
    const indexZ = placeZ | 0;
    const indexY = placeY | 0;
    const indexX = placeX | 0;
    const weightX = placeX - indexX;
    const weightY = placeY - indexY;
    const at = from + indexZ * plane + indexY * width + indexX;
    const next = at + plane;
    const a = values[at] ?? 0;
    const b = values[at + width] ?? 0;
    const c = values[next] ?? 0;
    const d = values[next + width] ?? 0;
    const ab = a + ((values[at + 1] ?? 0) - a) * weightX;
    const ba = b + ((values[at + width + 1] ?? 0) - b) * weightX;
    const cd = c + ((values[next + 1] ?? 0) - c) * weightX;
    const dc = d + ((values[next + width + 1] ?? 0) - d) * weightX;
    const here = ab + (ba - ab) * weightY;
    const there = cd + (dc - cd) * weightY;
    into[row + x] = here + (there - here) * (placeZ - indexZ);
  }
}

/** Places some of whose neighbours are outside. */
function sampleEdge(
  values: Float32Array,
  from: number,
  { sizes: [slices, height, width] }: VolumeGrid,
  padding: number,
  [startZ, startY, startX]: Triple,
  [stepZ, stepY, stepX]: Triple,
  first: number,
  last: number,
  into: Float32Array,
  row: number,
): void {
  const valueAt = (z: number, y: number, x: number): number =>
    z < 0 || z >= slices || y < 0 || y >= height || x < 0 || x >= width
      ? padding
      : (values[from + (z * height + y) * width + x] ?? 0);
  for (let x = first; x < last; x++) {
    const placeZ = startZ + stepZ * x;
    const placeY = startY + stepY * x;
    const placeX = startX + stepX * x;
    const [indexZ, indexY, indexX] = [Math.floor(placeZ), Math.floor(placeY), Math.floor(placeX)];
    const along = (z: number, y: number): number => {
      const a = valueAt(z, y, indexX);
      return a + (valueAt(z, y, indexX + 1) - a) * (placeX - indexX);
    };
    const across = (z: number): number => {
      const a = along(z, indexY);
      return a + (along(z, indexY + 1) - a) * (placeY - indexY);
    };
    const here = across(indexZ);
    into[row + x] = here + (across(indexZ + 1) - here) * (placeZ - indexZ);
  }
}
