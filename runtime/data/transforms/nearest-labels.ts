import type { Sizes } from "../../../compiler/index.ts";
import { alignedFloats } from "../../aligned-floats.ts";
import { at } from "../../at.ts";
import type { ByAxis, TakenAxis } from "../orientation.ts";
import { type Fault, fault } from "../problem.ts";
import type { SliceTaker, VolumeHeader, Voxels } from "../readers/index.ts";
import { type PackedVolume, voxelsIn } from "./packed-volume.ts";
import type { Axes } from "./slice-resampler.ts";

/** How far a label may be from a whole number, which a scaling in 32 bits makes of one. */
const nearlyWhole = 1e-3;

/** A stored axis of a label map: the voxel that each kept one is taken from, and how far apart kept ones are in the result. */
interface LabelAxis {
  readonly nearest: Int32Array;
  readonly stride: number;
}

/**
 * Takes each voxel of a volume's grid from the nearest one of its label map, the later of two as near: PyTorch's `nearest-exact`,
 * whose centres are those of the linear resampling. No label is changed, and none lies outside.
 */
export class NearestLabels implements SliceTaker<PackedVolume> {
  readonly result: PackedVolume & { readonly voxels: Float32Array<ArrayBuffer> };
  private readonly header: VolumeHeader;
  private readonly x: LabelAxis;
  private readonly y: LabelAxis;
  private readonly z: LabelAxis;
  private readonly origin: number;
  private notWhole: number | null = null;

  /**
   * `planned` are the axes of the volume, `size` says how many voxels there are along each with the padding, which has the label 0, and
   * `taken` where each of its stored axes is in the label map.
   */
  constructor(header: VolumeHeader, planned: Axes, size: Sizes, taken: ByAxis<TakenAxis>) {
    this.header = header;
    const counts: Sizes = [planned[0].axis.count, planned[1].axis.count, planned[2].axis.count];
    const before: Sizes = [planned[0].axis.before, planned[1].axis.before, planned[2].axis.before];
    const [, height, width] = size;
    const strides = [height * width, width, 1];
    this.origin = (before[0] * height + before[1]) * width + before[2];
    const axisOf = (own: 0 | 1 | 2): LabelAxis => {
      const place = planned.findIndex(({ from }) => taken[from].from === own);
      const { from, axis } = at(planned, place);
      const last = header.sizes[own] - 1;
      const nearest = axis.below.map((below, kept) => (at(axis.weight, kept) < 0.5 ? below : at(axis.above, kept)));
      return {
        nearest: taken[from].flipped ? nearest.map((index) => last - index) : nearest,
        stride: at(strides, place),
      };
    };
    [this.x, this.y, this.z] = [axisOf(0), axisOf(1), axisOf(2)];
    this.result = { before, counts, size, voxels: alignedFloats(voxelsIn(size)) };
  }

  /** What is wrong with the labels that were taken; null where all of them are whole numbers. */
  get fault(): Fault | null {
    if (this.notWhole === null) return null;
    return fault(
      `a voxel of it has the value ${this.notWhole}, and labels are whole numbers`,
      "Name the column of the label maps in `segmentation`.",
    );
  }

  take(slice: Voxels, z: number): void {
    const width = this.header.sizes[0];
    const { slope, intercept } = this.header;
    const { voxels } = this.result;
    for (let keptZ = 0; keptZ < this.z.nearest.length; keptZ++) {
      if (this.z.nearest[keptZ] !== z) continue;
      for (let keptY = 0; keptY < this.y.nearest.length; keptY++) {
        const row = at(this.y.nearest, keptY) * width;
        const into = this.origin + keptZ * this.z.stride + keptY * this.y.stride;
        for (let keptX = 0; keptX < this.x.nearest.length; keptX++) {
          // No `?? 0` in here ever counts: kept voxels are within the slice.
          const value = Number(slice[row + (this.x.nearest[keptX] ?? 0)] ?? 0) * slope + intercept;
          const label = Math.round(value);
          if (!(Math.abs(value - label) < nearlyWhole)) this.notWhole ??= value;
          voxels[into + keptX * this.x.stride] = label;
        }
      }
    }
  }
}
