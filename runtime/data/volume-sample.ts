import type { SliceTaker, VolumeHeader, Voxels } from "./readers/index.ts";

/** Voxels that are looked at, of all slices together: shares of a percent show, and none of the time for a volume does. */
const mostVoxels = 8192;

/** A sparse sample of a volume's values after the header's own scaling, spread evenly over it, always of the same voxels. */
export class VolumeSample {
  readonly values: number[] = [];
  private readonly header: VolumeHeader;
  private readonly ofSlice: number;

  constructor(header: VolumeHeader) {
    const [x, y, z] = header.sizes;
    this.header = header;
    this.ofSlice = Math.min(x * y, Math.ceil(mostVoxels / z));
  }

  take(slice: Voxels, z: number): void {
    const { slope, intercept } = this.header;
    const isWhole = this.ofSlice === slice.length;
    for (let index = 0; index < this.ofSlice; index++) {
      // Multiples of the golden ratio fill the slice evenly without following its rows.
      const place = isWhole
        ? index
        : Math.floor((((index + z * 0.7548776662466927) * 0.6180339887498949) % 1) * slice.length);
      this.values.push(Number(slice[place] ?? 0) * slope + intercept);
    }
  }

  /** Takes slices for a taker, and looks at them on the way. */
  before<Made>(taker: SliceTaker<Made>): SliceTaker<{ readonly made: Made; readonly values: readonly number[] }> {
    const take = (slice: Voxels, z: number): void => {
      this.take(slice, z);
      taker.take(slice, z);
    };
    return { take, result: { made: taker.result, values: this.values } };
  }
}
