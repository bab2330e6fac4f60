import { readSlices, toDoubles, type VolumeHeader, type Voxels } from "../../runtime/data/readers/index.ts";
import type { Faults } from "../../runtime/data/readers/volume.ts";
import { ok, type Result } from "../../runtime/text/index.ts";

/** A volume of any kind, with its values after its own scaling, x fastest, and what was passed over. */
export interface WholeVolume {
  readonly header: VolumeHeader;
  readonly values: Float64Array;
  readonly notes: readonly string[];
}

export async function readWhole(path: string): Promise<Result<WholeVolume, Faults>> {
  const read = await readSlices(path, ({ sizes: [x, y, z], slope, intercept }) => {
    const values = new Float64Array(x * y * z);
    const take = (slice: Voxels, index: number): void => {
      const into = values.subarray(index * x * y, (index + 1) * x * y);
      toDoubles(slice, into);
      for (let at = 0; at < into.length; at++) into[at] = slope * (into[at] ?? 0) + intercept;
    };
    return ok({ take, result: values });
  });
  if (read.kind === "failed") return read;
  const { header, result, notes } = read.value;
  return ok({ header, values: result, notes });
}
