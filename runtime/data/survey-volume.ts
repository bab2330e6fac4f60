import { failed, ok, type Result } from "../text/index.ts";
import type { StoredFile } from "./archive-member.ts";
import type { Fault } from "./problem.ts";
import { readSlices } from "./readers/index.ts";
import {
  needsSurvey,
  type SurveyedVoxels,
  transformOf,
  type VolumeMetadata,
  type VolumeSettings,
  VoxelSurvey,
} from "./transforms/index.ts";
import { scalingOf } from "./units.ts";

/**
 * Reads a volume to its end for what settings need to know of all of its voxels, before they are read again to be prepared: a stored
 * volume is never in memory as a whole. Null where they need nothing.
 */
export async function surveyVolume(
  file: StoredFile,
  metadata: VolumeMetadata,
  settings: VolumeSettings,
): Promise<Result<SurveyedVoxels | null, Fault>> {
  if (!needsSurvey(settings)) return ok(null);
  const read = await readSlices(file, (header) => {
    const [first] = transformOf(settings).metadataFaults(metadata);
    if (first !== undefined) return failed(first);
    return ok(new VoxelSurvey(header, scalingOf(header, metadata, settings.units)));
  });
  if (read.kind === "failed") return failed(read.problem[0]);
  const { fault, found } = read.value.result;
  return fault === null ? ok(found) : failed(fault);
}
