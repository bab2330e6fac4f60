import type { VolumeSettings } from "../../../compiler/index.ts";
import type { ByAxis } from "../orientation.ts";
import { type Fault, fault } from "../problem.ts";
import { type SliceTaker, toDoubles, type VolumeHeader, type Voxels } from "../readers/index.ts";
import type { Scaling } from "../units.ts";
import type { Extent } from "./resample.ts";

/** What is known of a volume once all of its voxels were seen. */
export interface SurveyedVoxels {
  /** The smallest and the largest value behind all scaling. */
  readonly values: readonly [lowest: number, highest: number];
  /** Along each stored axis, the smallest extent with every voxel above the smallest value. */
  readonly foreground: ByAxis<Extent>;
}

/** Whether settings need all voxels of a volume before the first can be prepared. */
export function needsSurvey({ window, crop }: Pick<VolumeSettings, "window" | "crop">): boolean {
  return window === "min_max" || crop === "foreground";
}

/** Looks at all voxels of a volume, slice by slice. Values are those behind the header's scaling and another one. */
export class VoxelSurvey implements SliceTaker<VoxelSurvey> {
  readonly result = this;
  private readonly header: VolumeHeader;
  private readonly scaling: Scaling;
  /** 1, or -1 where the scaling turns values over, so that the smallest stored one is the largest. */
  private readonly sign: number;
  private readonly doubles: Float64Array;
  private least = Number.POSITIVE_INFINITY;
  /** The largest value of each column, row and slice, times the sign. */
  private readonly largest: ByAxis<Float64Array>;

  constructor(header: VolumeHeader, scaling: Scaling) {
    const [columns, rows, slices] = header.sizes;
    this.header = header;
    this.scaling = scaling;
    this.sign = Math.sign(header.slope * scaling.slope);
    this.doubles = new Float64Array(columns * rows);
    const none = (count: number) => new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    this.largest = [none(columns), none(rows), none(slices)];
  }

  take(slice: Voxels, z: number): void {
    const { doubles, sign } = this;
    const [ofColumns, ofRows, ofSlices] = this.largest;
    const columns = ofColumns.length;
    toDoubles(slice, doubles);
    let least = this.least;
    let ofSlice = Number.NEGATIVE_INFINITY;
    // No `?? 0` in this loop ever counts: a slice has all of its voxels.
    for (let y = 0, at = 0; y < ofRows.length; y++) {
      let ofRow = Number.NEGATIVE_INFINITY;
      for (let x = 0; x < columns; x++, at++) {
        const value = sign * (doubles[at] ?? 0);
        if (value < least) least = value;
        if (value > ofRow) ofRow = value;
        if (value > (ofColumns[x] ?? 0)) ofColumns[x] = value;
      }
      ofRows[y] = Math.max(ofRows[y] ?? 0, ofRow);
      ofSlice = Math.max(ofSlice, ofRow);
    }
    this.least = least;
    ofSlices[z] = ofSlice;
  }

  /** What is wrong with the voxels that were taken. */
  get fault(): Fault | null {
    if (this.highest > this.least) return null;
    return fault("all of its voxels have the same value", "Remove it from the data set, or correct the file.");
  }

  /** Of voxels without a fault. */
  get found(): SurveyedVoxels {
    const { header, scaling, sign, least, highest } = this;
    // As values are windowed, so that the ends are those of the range to the last digit.
    const scaled = (value: number): number =>
      scaling.slope * (sign * value * header.slope + header.intercept) + scaling.intercept;
    const extent = (largest: Float64Array): Extent => [
      largest.findIndex((value) => value > least),
      largest.findLastIndex((value) => value > least) + 1,
    ];
    const [columns, rows, slices] = this.largest;
    return { values: [scaled(least), scaled(highest)], foreground: [extent(columns), extent(rows), extent(slices)] };
  }

  private get highest(): number {
    return this.largest[2].reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  }
}
