import { failed, ok, type Result } from "../text/index.ts";
import { type Fault, fault, problemOf } from "./problem.ts";
import { readSlices, type VolumeHeader } from "./readers/index.ts";
import type { VolumeMetadata } from "./transforms/index.ts";

/** What a volume's own files say of it in place of a table: its spacing, and no scaling besides their own. */
export async function readOwnMetadata(path: string): Promise<Result<VolumeMetadata>> {
  const own: { found: Result<VolumeMetadata, Fault> | null } = { found: null };
  const read = await readSlices(path, (header) => {
    own.found = metadataOf(header);
    return failed(fault("its header is all that is read here"));
  });
  if (own.found?.kind === "ok") return own.found;
  if (own.found !== null) return failed(problemOf(path, own.found.problem));
  if (read.kind === "ok") throw new Error("a volume is read after its header");
  return failed(problemOf(path, read.problem[0]));
}

/** As far apart as spacings may be to be one, as in a table. */
const unequalFrom = 1e-3;

function metadataOf({ affine }: VolumeHeader): Result<VolumeMetadata, Fault> {
  if (affine === null)
    return failed(fault("its header does not state its spacing", "Name the data set that does with --data."));
  const lengthOf = (axis: 0 | 1 | 2): number => Math.hypot(...affine.map((row) => row[axis]));
  const [x, y, z] = [lengthOf(0), lengthOf(1), lengthOf(2)];
  if (Math.abs(x - y) > unequalFrom * x) {
    return failed(fault(`its spacing is ${x} x ${y} mm, but the preprocessing needs square voxels`));
  }
  return ok({ slope: 1, intercept: 0, xySpacing: x, zSpacing: z });
}
