import { ok, type Problem } from "../text/index.ts";
import { type StoredFile, storedPath } from "./archive-member.ts";
import { problemOf } from "./problem.ts";
import { readSlices } from "./readers/index.ts";
import { needsSurvey, transformOf, type VolumeMetadata, type VolumeSettings, VoxelSurvey } from "./transforms/index.ts";
import { scalingOf, unitsFault } from "./units.ts";
import { VolumeSample } from "./volume-sample.ts";

/**
 * Everything that is wrong with a volume: every rule that its header breaks, or else the first that its voxels do, and what is
 * wrong with its metadata, or with both together. Reads the file to its end and keeps a sample.
 */
export async function checkVolume(
  file: StoredFile,
  metadata: VolumeMetadata,
  settings: VolumeSettings,
  onNote: (note: string) => void = () => undefined,
): Promise<readonly Problem[]> {
  const transform = transformOf(settings);
  const faults = [...transform.metadataFaults(metadata)];
  const result = await readSlices(file, (header) => {
    const planned = transform.plan(header, metadata, settings, null);
    if (faults.length === 0 && planned.kind === "failed") faults.push(planned.problem);
    const sample = new VolumeSample(header);
    const survey = needsSurvey(settings) ? new VoxelSurvey(header, scalingOf(header, metadata, settings.units)) : null;
    return ok({
      take: (slice, z) => {
        sample.take(slice, z);
        survey?.take(slice, z);
      },
      result: { sample, survey },
    });
  });
  if (result.kind === "failed") faults.push(...result.problem);
  else result.value.notes.forEach(onNote);
  if (result.kind === "ok" && faults.length === 0) {
    const { header, result: found } = result.value;
    const wrong = unitsFault(found.sample.values, header, metadata, settings) ?? found.survey?.fault ?? null;
    if (wrong !== null) faults.push(wrong);
  }
  return faults.map((fault) => problemOf(storedPath(file), fault));
}
