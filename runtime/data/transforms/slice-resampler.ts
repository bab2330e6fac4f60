import type { Interval, Sizes, VolumeSettings } from "../../../compiler/index.ts";
import { alignedFloats } from "../../aligned-floats.ts";
import { at } from "../../at.ts";
import type { Axis } from "../orientation.ts";
import type { SliceTaker, Voxels } from "../readers/index.ts";
import type { Rectangle, WindowSlice } from "./hounsfield.ts";
import { interpolate, interpolateRows, turn } from "./interpolate.ts";
import { fillPadding, type PackedVolume, rowStarts, spanOf, toStep, voxelsIn } from "./packed-volume.ts";
import { neededFrom, neededTo, type ResampledAxis } from "./resample.ts";

/** An axis of the network, and the stored axis that it is resampled from. */
export interface PlannedAxis {
  readonly from: Axis;
  readonly axis: ResampledAxis;
}

/** In the network's order. Each stored axis is taken once. */
export type Axes = readonly [PlannedAxis, PlannedAxis, PlannedAxis];

/** A stored axis as it is resampled, and how far apart its neighbours are in the result. */
interface StoredAxis {
  readonly axis: ResampledAxis;
  readonly stride: number;
}

/** What is known of a channel between two slices. */
interface Channel {
  readonly window: WindowSlice;
  /** The last two stored slices that were needed, windowed, by whether their index is even. */
  readonly planes: readonly [Float64Array, Float64Array];
}

/**
 * Resamples slices as they come, and puts what comes of them where it belongs in the network's order of axes: no stored volume is
 * ever in memory as a whole, however it is reordered. Along z and y first, which mixes whole slices and rows, then along x,
 * which turns the slice where y is to be faster than x.
 */
export class SliceResampler implements SliceTaker<PackedVolume> {
  readonly result: PackedVolume;
  private readonly x: StoredAxis;
  private readonly y: StoredAxis;
  private readonly z: StoredAxis;
  private readonly range: Interval;
  private readonly isClippedHere: boolean;
  private readonly channels: readonly Channel[];
  private readonly columns: number;
  /** Where the first voxel of the first channel is put, and how far channels are apart. */
  private readonly origin: number;
  private readonly channelStride: number;
  private readonly mixed: Float64Array;
  private readonly mixedRows: Float64Array;
  private readonly isFlipped: boolean;
  private done = 0;

  /**
   * `windowsOf` gives what windows the part of each slice that is needed, one for each channel. The result is in `used` where that is
   * memory of its size.
   */
  constructor(
    axes: Axes,
    { size, storage, range, clip, pad }: Pick<VolumeSettings, "size" | "storage" | "range" | "clip" | "pad">,
    windowsOf: (rectangle: Rectangle) => readonly WindowSlice[],
    used: ArrayBuffer | null,
  ) {
    const counts: Sizes = [axes[0].axis.count, axes[1].axis.count, axes[2].axis.count];
    const before: Sizes = [axes[0].axis.before, axes[1].axis.before, axes[2].axis.before];
    const placing = { before, counts, size };
    // Steps have no padding.
    const [, height, width] = storage === "f32" ? size : counts;
    const strides = [height * width, width, 1];
    this.origin = storage === "f32" ? (before[0] * height + before[1]) * width + before[2] : 0;
    this.channelStride = voxelsIn(storage === "f32" ? size : counts);
    const stored = (from: Axis): StoredAxis => {
      const place = axes.findIndex((each) => each.from === from);
      return { axis: at(axes, place).axis, stride: at(strides, place) };
    };
    [this.x, this.y, this.z] = [stored(0), stored(1), stored(2)];
    this.range = range;
    this.isClippedHere = clip === "after";
    const rectangle = {
      fromX: neededFrom(this.x.axis),
      toX: neededTo(this.x.axis),
      fromY: neededFrom(this.y.axis),
      toY: neededTo(this.y.axis),
    };
    this.columns = rectangle.toX - rectangle.fromX;
    const area = this.columns * (rectangle.toY - rectangle.fromY);
    this.channels = windowsOf(rectangle).map((window) => ({
      window,
      planes: [new Float64Array(area), new Float64Array(area)],
    }));
    this.mixed = new Float64Array(area);
    this.mixedRows = new Float64Array(this.y.axis.count * this.columns);
    const { below, above } = this.z.axis;
    // The last of the kept slices comes first then.
    this.isFlipped = at(below, 0) > at(above, above.length - 1);
    const count = this.channels.length * this.channelStride;
    const voxels = storage === "f32" ? alignedFloats(count, used) : new Int16Array(count);
    if (voxels instanceof Float32Array) fillPadding(voxels, placing, pad);
    this.result = { ...placing, voxels };
  }

  /** Takes the next stored slice; all are given, in their order. */
  take(slice: Voxels, z: number): void {
    const { below, above, weight, count } = this.z.axis;
    if (this.done >= count) return;
    const next = this.place();
    if (Math.min(at(below, next), at(above, next)) > z) return;
    for (const { window, planes } of this.channels) window(slice, at(planes, z % 2));
    for (; this.done < count; this.done++) {
      const place = this.place();
      const [lower, upper] = [at(below, place), at(above, place)];
      if (Math.max(lower, upper) > z) return;
      for (const [channel, { planes }] of this.channels.entries()) {
        const [low, up] = [at(planes, lower % 2), at(planes, upper % 2)];
        const whole = { of: this.mixed, from: 0 };
        interpolate({ of: low, from: 0 }, { of: up, from: 0 }, at(weight, place), whole, this.mixed.length);
        interpolateRows(this.mixed, this.columns, this.y.axis, this.mixedRows);
        this.keep(channel, place);
      }
    }
    const { voxels, counts } = this.result;
    if (!this.isClippedHere || !(voxels instanceof Float32Array)) return;
    for (const start of rowStarts(this.result, this.channels.length)) {
      clip(voxels.subarray(start, start + counts[2]), this.range);
    }
  }

  /** The kept slice that comes next. */
  private place(): number {
    return this.isFlipped ? this.z.axis.count - 1 - this.done : this.done;
  }

  private keep(channel: number, place: number): void {
    const { x, y, z, columns, mixedRows } = this;
    const { voxels } = this.result;
    const rows = y.axis.count;
    const from = this.origin + channel * this.channelStride + place * z.stride;
    if (voxels instanceof Float32Array) {
      turn(mixedRows, columns, rows, x.axis, { into: voxels, from, strideX: x.stride, strideY: y.stride });
      return;
    }
    const turned = new Float32Array(x.axis.count * rows);
    turn(mixedRows, columns, rows, x.axis, { into: turned, from: 0, strideX: rows, strideY: 1 });
    if (this.isClippedHere) clip(turned, this.range);
    const span = spanOf(this.range);
    let at = 0;
    for (let column = 0; column < x.axis.count; column++) {
      for (let row = 0; row < rows; row++) {
        voxels[from + column * x.stride + row * y.stride] = toStep(turned[at++] ?? 0, span);
      }
    }
  }
}

// No `?? 0` in this loop ever counts; a check that throws costs a tenth of the time.

function clip(values: Float32Array, [lowest, highest]: Interval): void {
  for (let index = 0; index < values.length; index++) {
    values[index] = Math.min(Math.max(values[index] ?? 0, lowest), highest);
  }
}
