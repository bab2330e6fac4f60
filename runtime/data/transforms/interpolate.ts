import { neededFrom, type ResampledAxis } from "./resample.ts";

/*
 * The loops of linear resampling. They do four values at once where there are as many: V8 checks in every round of a loop whether to be
 * interrupted, which takes a third of their time otherwise. They keep within their arrays, so that no `?? 0` in them ever counts.
 */

const unrolled = 4;

/** Where values stand in a plane. */
interface Values {
  readonly of: Float64Array;
  readonly from: number;
}

/** Writes so many values that lie between two others, `share` of the way to the upper ones. */
export function interpolate(lower: Values, upper: Values, share: number, into: Values, count: number): void {
  const { of: low, from: lowFrom } = lower;
  const { of: up, from: upFrom } = upper;
  const { of: mixed, from } = into;
  const whole = count - (count % unrolled);
  let index = 0;
  for (; index < whole; index += unrolled) {
    const l = lowFrom + index;
    const u = upFrom + index;
    const m = from + index;
    const a = low[l] ?? 0;
    const b = low[l + 1] ?? 0;
    const c = low[l + 2] ?? 0;
    const d = low[l + 3] ?? 0;
    mixed[m] = a + ((up[u] ?? 0) - a) * share;
    mixed[m + 1] = b + ((up[u + 1] ?? 0) - b) * share;
    mixed[m + 2] = c + ((up[u + 2] ?? 0) - c) * share;
    mixed[m + 3] = d + ((up[u + 3] ?? 0) - d) * share;
  }
  for (; index < count; index++) {
    const value = low[lowFrom + index] ?? 0;
    mixed[from + index] = value + ((up[upFrom + index] ?? 0) - value) * share;
  }
}

/** [rows, columns] to [y, columns]. */
export function interpolateRows(plane: Float64Array, columns: number, axis: ResampledAxis, into: Float64Array): void {
  const { below, above, weight, count } = axis;
  const first = neededFrom(axis);
  for (let y = 0; y < count; y++) {
    const lower = { of: plane, from: ((below[y] ?? 0) - first) * columns };
    const upper = { of: plane, from: ((above[y] ?? 0) - first) * columns };
    interpolate(lower, upper, weight[y] ?? 0, { of: into, from: y * columns }, columns);
  }
}

/** Where the values of a slice are put. */
export interface Target {
  readonly into: Float32Array;
  readonly from: number;
  readonly strideX: number;
  readonly strideY: number;
}

/** Rows, and columns of these, that are turned at once, so that whole lines of the processor's cache are filled while they are in it. */
const rowsAtOnce = 16;
const columnsAtOnce = 64;

/** [y, columns] to x and y, wherever they are put. */
export function turn(plane: Float64Array, columns: number, rows: number, axis: ResampledAxis, target: Target): void {
  for (let fromY = 0; fromY < rows; fromY += rowsAtOnce) {
    const toY = Math.min(fromY + rowsAtOnce, rows);
    for (let fromX = 0; fromX < axis.count; fromX += columnsAtOnce) {
      const toX = Math.min(fromX + columnsAtOnce, axis.count);
      let y = fromY;
      for (; y + unrolled <= toY; y += unrolled) turnFour(plane, columns, y, axis, fromX, toX, target);
      for (; y < toY; y++) turnOne(plane, columns, y, axis, fromX, toX, target);
    }
  }
}

/** Four rows from y on, in some places of x. */
function turnFour(
  plane: Float64Array,
  columns: number,
  y: number,
  axis: ResampledAxis,
  fromX: number,
  toX: number,
  { into, from, strideX, strideY }: Target,
): void {
  const { below, above, weight } = axis;
  const first = y * columns - neededFrom(axis);
  const second = first + columns;
  const third = second + columns;
  const fourth = third + columns;
  let at = from + fromX * strideX + y * strideY;
  for (let x = fromX; x < toX; x++, at += strideX) {
    const left = below[x] ?? 0;
    const right = above[x] ?? 0;
    const share = weight[x] ?? 0;
    const a = plane[first + left] ?? 0;
    const b = plane[second + left] ?? 0;
    const c = plane[third + left] ?? 0;
    const d = plane[fourth + left] ?? 0;
    into[at] = a + ((plane[first + right] ?? 0) - a) * share;
    into[at + strideY] = b + ((plane[second + right] ?? 0) - b) * share;
    into[at + 2 * strideY] = c + ((plane[third + right] ?? 0) - c) * share;
    into[at + 3 * strideY] = d + ((plane[fourth + right] ?? 0) - d) * share;
  }
}

function turnOne(
  plane: Float64Array,
  columns: number,
  y: number,
  axis: ResampledAxis,
  fromX: number,
  toX: number,
  { into, from, strideX, strideY }: Target,
): void {
  const { below, above, weight } = axis;
  const row = y * columns - neededFrom(axis);
  let at = from + fromX * strideX + y * strideY;
  for (let x = fromX; x < toX; x++, at += strideX) {
    const left = plane[row + (below[x] ?? 0)] ?? 0;
    into[at] = left + ((plane[row + (above[x] ?? 0)] ?? 0) - left) * (weight[x] ?? 0);
  }
}
