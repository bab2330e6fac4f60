import type { DataSettings, Sizes } from "../../compiler/index.ts";
import { failed, ok, type Result } from "../text/index.ts";
import { type VolumeMetadata, type WindowSlice, windowSlices } from "./hounsfield.ts";
import type { NiftiHeader } from "./nifti-header.ts";
import { type Fault, fault, problemOf } from "./problem.ts";
import { readSlices, type Volume } from "./read-volume.ts";
import { neededFrom, neededTo, type ResampledAxis, resampleAxis } from "./resample.ts";
import type { Voxels } from "./voxels.ts";

/** What decides how a volume is preprocessed. */
export type VolumeSettings = Pick<DataSettings, "spacing" | "size" | "window" | "storage">;

/**
 * A preprocessed volume without its padding: values from -1 to 1, or whole numbers of steps of 1/32767. Its axes are those of
 * the encoder's input: slices (z), height (x), width (y), the last fastest.
 */
export interface PackedVolume {
  /** Voxels of padding before the first along each axis. */
  readonly before: Sizes;
  readonly counts: Sizes;
  readonly voxels: Float32Array | Int16Array;
}

/** Half a step is 1.5e-5 of the window's half, far less than a CT's own steps of one Hounsfield unit. */
const stepsOfHalf = 32767;

/**
 * CT-CLIP's preprocessing of a volume: Hounsfield units from the metadata's slope and intercept, clipped to the window, axes
 * to slices, height and width (z, x, y), trilinear resampling from the metadata's spacing, the window to -1..1, the middle
 * kept or -1 around it. Gives slices * height * width values. Only what is kept is computed, in 64-bit floats as there, so
 * that the values are CT-CLIP's to the last digit; with `storage` of i16 they are rounded to 1/32767, also where no cache
 * keeps them. Throws for metadata with which preprocessVolume refuses a volume.
 * From CT-CLIP's scripts/data_inference_nii.py; its order of resampling before dividing by 1000 changes nothing.
 */
export function preprocess(volume: Volume, metadata: VolumeMetadata, settings: VolumeSettings): Float32Array {
  const planned = Resampler.plan(volume.header, metadata, settings);
  if (planned.kind === "failed")
    throw new Error(`a volume is resampled with sound metadata: ${planned.problem.message}`);
  const resampler = planned.value;
  const [x, y, z] = volume.header.sizes;
  for (let index = 0; index < z; index++) {
    resampler.take(volume.voxels.subarray(index * x * y, (index + 1) * x * y), index);
  }
  return unpack(resampler.packed, settings.size);
}

/** Reads and preprocesses a file slice by slice, so that the stored volume is never in memory as a whole. */
export async function preprocessVolume(
  path: string,
  metadata: VolumeMetadata,
  settings: VolumeSettings,
): Promise<Result<PackedVolume>> {
  const read = await readSlices(path, (header) => {
    const planned = Resampler.plan(header, metadata, settings);
    if (planned.kind === "failed") return planned;
    const resampler = planned.value;
    return ok({ take: (slice: Voxels, z: number) => resampler.take(slice, z), result: resampler.packed });
  });
  return read.kind === "failed" ? failed(problemOf(path, read.problem[0])) : ok(read.value.result);
}

/** Values with their padding, `size` of them along each axis. */
export function unpack({ before, counts, voxels }: PackedVolume, size: Sizes): Float32Array<ArrayBuffer> {
  const [, height, width] = size;
  const values = new Float32Array(size[0] * height * width).fill(-1);
  let from = 0;
  for (let z = 0; z < counts[0]; z++) {
    for (let x = 0; x < counts[1]; x++) {
      const start = ((before[0] + z) * height + before[1] + x) * width + before[2];
      const row = voxels.subarray(from, from + counts[2]);
      if (row instanceof Float32Array) values.set(row, start);
      else scale(row, values, start);
      from += counts[2];
    }
  }
  return values;
}

function scale(steps: Int16Array, into: Float32Array, start: number): void {
  for (let index = 0; index < steps.length; index++) into[start + index] = (steps[index] ?? 0) / stepsOfHalf;
}

/** What is wrong with metadata that a volume cannot be preprocessed with. */
export function metadataFaults({ slope, intercept, xySpacing, zSpacing }: VolumeMetadata): readonly Fault[] {
  const wrong = (name: string, value: number): Fault =>
    fault(`the metadata give it ${name} of ${value}`, "Correct its row of the metadata.");
  return [
    ...(Number.isFinite(slope) && slope !== 0 ? [] : [wrong("a RescaleSlope", slope)]),
    ...(Number.isFinite(intercept) ? [] : [wrong("a RescaleIntercept", intercept)]),
    ...(Number.isFinite(xySpacing) && xySpacing > 0 ? [] : [wrong("an XYSpacing", xySpacing)]),
    ...(Number.isFinite(zSpacing) && zSpacing > 0 ? [] : [wrong("a ZSpacing", zSpacing)]),
  ];
}

/** Rows that are turned at once, so that what is written fills whole lines of the processor's cache. */
const rowsAtOnce = 16;

/**
 * Resamples slices as they come. Along z and y first, which mixes whole slices and rows, then along x, which turns
 * the slice so that y is fastest.
 */
class Resampler {
  readonly packed: PackedVolume;
  private readonly z: ResampledAxis;
  private readonly x: ResampledAxis;
  private readonly y: ResampledAxis;
  private readonly window: WindowSlice;
  private readonly columns: number;
  private readonly rows: number;
  /** The last two stored slices that were needed, windowed, by whether their index is even. */
  private readonly planes: readonly [Float64Array, Float64Array];
  private readonly mixed: Float64Array;
  private readonly mixedRows: Float64Array;
  private done = 0;

  private constructor(header: NiftiHeader, metadata: VolumeMetadata, settings: VolumeSettings, axes: Axes) {
    [this.z, this.x, this.y] = axes;
    const rectangle = {
      fromX: neededFrom(this.x),
      toX: neededTo(this.x),
      fromY: neededFrom(this.y),
      toY: neededTo(this.y),
    };
    this.columns = rectangle.toX - rectangle.fromX;
    this.rows = rectangle.toY - rectangle.fromY;
    this.window = windowSlices(header, metadata, settings.window, rectangle);
    const area = this.columns * this.rows;
    this.planes = [new Float64Array(area), new Float64Array(area)];
    this.mixed = new Float64Array(area);
    this.mixedRows = new Float64Array(this.y.count * this.columns);
    const counts: Sizes = [this.z.count, this.x.count, this.y.count];
    const count = counts[0] * counts[1] * counts[2];
    this.packed = {
      before: [this.z.before, this.x.before, this.y.before],
      counts,
      voxels: settings.storage === "f32" ? new Float32Array(count) : new Int16Array(count),
    };
  }

  /** What will preprocess a volume of this header, or why its metadata do not allow it. */
  static plan(header: NiftiHeader, metadata: VolumeMetadata, settings: VolumeSettings): Result<Resampler, Fault> {
    const [first] = metadataFaults(metadata);
    if (first !== undefined) return failed(first);
    const axes = planAxes(header, metadata, settings);
    return axes.kind === "failed" ? axes : ok(new Resampler(header, metadata, settings, axes.value));
  }

  /** Takes the next stored slice; all are given, in their order. */
  take(slice: Voxels, z: number): void {
    const { below, above, weight, count } = this.z;
    if (this.done >= count || (below[this.done] ?? 0) > z) return;
    const [even, odd] = this.planes;
    this.window(slice, z % 2 === 0 ? even : odd);
    for (; this.done < count && (above[this.done] ?? 0) <= z; this.done++) {
      const lower = (below[this.done] ?? 0) % 2 === 0 ? even : odd;
      const upper = (above[this.done] ?? 0) % 2 === 0 ? even : odd;
      mix(lower, upper, weight[this.done] ?? 0, this.mixed);
      mixRows(this.mixed, this.columns, this.y, this.mixedRows);
      const area = this.x.count * this.y.count;
      const kept = this.packed.voxels.subarray(this.done * area, (this.done + 1) * area);
      const turned = kept instanceof Float32Array ? kept : new Float32Array(area);
      turn(this.mixedRows, this.columns, this.y.count, this.x, turned);
      if (kept instanceof Int16Array) round(turned, kept);
    }
  }
}

type Axes = readonly [z: ResampledAxis, x: ResampledAxis, y: ResampledAxis];

/** The plan of each axis. Height is x and width is y, as CT-CLIP has them. */
export function planAxes(
  { sizes: [x, y, z] }: NiftiHeader,
  { xySpacing, zSpacing }: VolumeMetadata,
  { spacing, size }: VolumeSettings,
): Result<Axes, Fault> {
  const slices = resampleAxis(z, zSpacing, spacing[0], size[0]);
  if (slices.kind === "failed") return nonsense(z, "slices", zSpacing, spacing[0], slices.problem);
  const height = resampleAxis(x, xySpacing, spacing[1], size[1]);
  if (height.kind === "failed") return nonsense(x, "columns", xySpacing, spacing[1], height.problem);
  const width = resampleAxis(y, xySpacing, spacing[2], size[2]);
  if (width.kind === "failed") return nonsense(y, "rows", xySpacing, spacing[2], width.problem);
  return ok([slices.value, height.value, width.value] as const);
}

function nonsense(
  count: number,
  name: string,
  spacing: number,
  target: number,
  resampled: number,
): Result<never, Fault> {
  const message = `${count} ${name} of ${spacing} mm, as the metadata say, would become ${resampled} of ${target} mm`;
  return failed(fault(message, "Compare its size with its spacing in the metadata."));
}

function mix(lower: Float64Array, upper: Float64Array, share: number, into: Float64Array): void {
  for (let index = 0; index < into.length; index++) {
    const from = lower[index] ?? 0;
    into[index] = from + ((upper[index] ?? 0) - from) * share;
  }
}

/** [rows, columns] to [y, columns]. */
function mixRows(plane: Float64Array, columns: number, axis: ResampledAxis, into: Float64Array): void {
  const { below, above, weight, count } = axis;
  const first = below[0] ?? 0;
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
  const first = below[0] ?? 0;
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

/** Values to the nearest steps; they are at least -1. */
function round(values: Float32Array, into: Int16Array): void {
  for (let index = 0; index < values.length; index++) {
    into[index] = (((values[index] ?? 0) * stepsOfHalf + stepsOfHalf + 0.5) | 0) - stepsOfHalf;
  }
}
