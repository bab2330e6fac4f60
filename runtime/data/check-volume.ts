import { ok, type Problem } from "../text/index.ts";
import { type StoredFile, storedPath } from "./archive-member.ts";
import { problemOf } from "./problem.ts";
import { readSlices } from "./readers/index.ts";
import { transformOf, type VolumeMetadata, type VolumeSettings } from "./transforms/index.ts";
import { unitsFault } from "./units.ts";
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
    const planned = transform.plan(header, metadata, settings);
    if (faults.length === 0 && planned.kind === "failed") faults.push(planned.problem);
    const sample = new VolumeSample(header);
    return ok({ take: (slice, z) => sample.take(slice, z), result: sample });
  });
  if (result.kind === "failed") faults.push(...result.problem);
  else result.value.notes.forEach(onNote);
  if (result.kind === "ok" && faults.length === 0) {
    const { header, result: sample } = result.value;
    const wrong = unitsFault(sample.values, header, metadata, settings.units);
    if (wrong !== null) faults.push(wrong);
  }
  return faults.map((fault) => problemOf(storedPath(file), fault));
}
