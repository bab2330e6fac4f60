import type { Sizes, VoxelStorage } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import type { SliceTaker, Voxels } from "../readers/index.ts";
import type { Rectangle, WindowSlice } from "./hounsfield.ts";
import { type PackedVolume, toSteps } from "./packed-volume.ts";
import { neededFrom, neededTo, type ResampledAxis } from "./resample.ts";

/** Rows that are turned at once, so that what is written fills whole lines of the processor's cache. */
const rowsAtOnce = 16;

export type Axes = readonly [z: ResampledAxis, x: ResampledAxis, y: ResampledAxis];

/**
 * Resamples slices as they come. Along z and y first, which mixes whole slices and rows, then along x, which turns
 * the slice so that y is fastest.
 */
export class SliceResampler implements SliceTaker<PackedVolume> {
  readonly result: PackedVolume;
  private readonly z: ResampledAxis;
  private readonly x: ResampledAxis;
  private readonly y: ResampledAxis;
  private readonly window: WindowSlice;
  private readonly columns: number;
  /** The last two stored slices that were needed, windowed, by whether their index is even. */
  private readonly planes: readonly [Float64Array, Float64Array];
  private readonly mixed: Float64Array;
  private readonly mixedRows: Float64Array;
  private done = 0;

  /** `windowOf` gives what windows the part of each slice that is needed. */
  constructor(axes: Axes, storage: VoxelStorage, windowOf: (rectangle: Rectangle) => WindowSlice) {
    [this.z, this.x, this.y] = axes;
    const rectangle = {
      fromX: neededFrom(this.x),
      toX: neededTo(this.x),
      fromY: neededFrom(this.y),
      toY: neededTo(this.y),
    };
    this.columns = rectangle.toX - rectangle.fromX;
    this.window = windowOf(rectangle);
    const area = this.columns * (rectangle.toY - rectangle.fromY);
    this.planes = [new Float64Array(area), new Float64Array(area)];
    this.mixed = new Float64Array(area);
    this.mixedRows = new Float64Array(this.y.count * this.columns);
    const counts: Sizes = [this.z.count, this.x.count, this.y.count];
    const count = counts[0] * counts[1] * counts[2];
    this.result = {
      before: [this.z.before, this.x.before, this.y.before],
      counts,
      voxels: storage === "f32" ? new Float32Array(count) : new Int16Array(count),
    };
  }

  /** Takes the next stored slice; all are given, in their order. */
  take(slice: Voxels, z: number): void {
    const { below, above, weight, count } = this.z;
    if (this.done >= count || at(below, this.done) > z) return;
    const [even, odd] = this.planes;
    this.window(slice, z % 2 === 0 ? even : odd);
    for (; this.done < count && at(above, this.done) <= z; this.done++) {
      const lower = at(below, this.done) % 2 === 0 ? even : odd;
      const upper = at(above, this.done) % 2 === 0 ? even : odd;
      mix(lower, upper, at(weight, this.done), this.mixed);
      mixRows(this.mixed, this.columns, this.y, this.mixedRows);
      const area = this.x.count * this.y.count;
      const kept = this.result.voxels.subarray(this.done * area, (this.done + 1) * area);
      const turned = kept instanceof Float32Array ? kept : new Float32Array(area);
      turn(this.mixedRows, this.columns, this.y.count, this.x, turned);
      if (kept instanceof Int16Array) toSteps(turned, kept);
    }
  }
}

// These loops keep within their arrays, so that no `?? 0` in them ever counts; checks that throw cost a tenth of the time.

function mix(lower: Float64Array, upper: Float64Array, share: number, into: Float64Array): void {
  for (let index = 0; index < into.length; index++) {
    const from = lower[index] ?? 0;
    into[index] = from + ((upper[index] ?? 0) - from) * share;
  }
}

/** [rows, columns] to [y, columns]. */
function mixRows(plane: Float64Array, columns: number, axis: ResampledAxis, into: Float64Array): void {
  const { below, above, weight, count } = axis;
  const first = neededFrom(axis);
  for (let y = 0, at = 0; y < count; y++) {
    const lower = ((below[y] ?? 0) - first) * columns;
    const upper = ((above[y] ?? 0) - first) * columns;
    const share = weight[y] ?? 0;
    for (let column = 0; column < columns; column++) {
      const from = plane[lower + column] ?? 0;
      into[at++] = from + ((plane[upper + column] ?? 0) - from) * share;
    }
  }
}

/** [y, columns] to [x, y]. */
function turn(plane: Float64Array, columns: number, rows: number, axis: ResampledAxis, into: Float32Array): void {
  const { below, above, weight, count } = axis;
  const first = neededFrom(axis);
  for (let from = 0; from < rows; from += rowsAtOnce) {
    const to = Math.min(from + rowsAtOnce, rows);
    for (let x = 0; x < count; x++) {
      const lower = (below[x] ?? 0) - first;
      const upper = (above[x] ?? 0) - first;
      const share = weight[x] ?? 0;
      for (let y = from; y < to; y++) {
        const left = plane[y * columns + lower] ?? 0;
        into[x * rows + y] = left + ((plane[y * columns + upper] ?? 0) - left) * share;
      }
    }
  }
}
