import { failed, ok, type Result } from "../text/index.ts";
import { type StoredFile, storedPath } from "./archive-member.ts";
import { problemOf } from "./problem.ts";
import { readSlices } from "./readers/index.ts";
import { surveyVolume } from "./survey-volume.ts";
import { type PackedVolume, transformOf, type VolumeMetadata, type VolumeSettings } from "./transforms/index.ts";
import { unitsFault } from "./units.ts";
import { VolumeSample } from "./volume-sample.ts";

/**
 * Reads and preprocesses a file slice by slice, so that the stored volume is never in memory as a whole. Values that are no scan's
 * in the units that they are taken for are refused. They are in `used` where that is memory of their size.
 */
export async function preprocessVolume(
  file: StoredFile,
  metadata: VolumeMetadata,
  settings: VolumeSettings,
  used: ArrayBuffer | null = null,
): Promise<Result<PackedVolume>> {
  const transform = transformOf(settings);
  const surveyed = await surveyVolume(file, metadata, settings);
  if (surveyed.kind === "failed") return failed(problemOf(storedPath(file), surveyed.problem));
  const read = await readSlices(file, (header) => {
    const [first] = transform.metadataFaults(metadata);
    if (first !== undefined) return failed(first);
    const planned = transform.plan(header, metadata, settings, surveyed.value);
    if (planned.kind === "failed") return planned;
    return ok(new VolumeSample(header).before(planned.value(used)));
  });
  if (read.kind === "failed") return failed(problemOf(storedPath(file), read.problem[0]));
  const { header, result } = read.value;
  const wrong = unitsFault(result.values, header, metadata, settings);
  return wrong === null ? ok(result.made) : failed(problemOf(storedPath(file), wrong));
}
