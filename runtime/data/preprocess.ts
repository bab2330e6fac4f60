import { failed, ok, type Result } from "../text/index.ts";
import { problemOf } from "./problem.ts";
import { readSlices } from "./readers/index.ts";
import { type PackedVolume, transformOf, type VolumeMetadata, type VolumeSettings } from "./transforms/index.ts";

/** Reads and preprocesses a file slice by slice, so that the stored volume is never in memory as a whole. */
export async function preprocessVolume(
  path: string,
  metadata: VolumeMetadata,
  settings: VolumeSettings,
): Promise<Result<PackedVolume>> {
  const transform = transformOf(settings);
  const read = await readSlices(path, (header) => {
    const [first] = transform.metadataFaults(metadata);
    if (first !== undefined) return failed(first);
    const planned = transform.plan(header, metadata, settings);
    return planned.kind === "failed" ? planned : ok(planned.value());
  });
  return read.kind === "failed" ? failed(problemOf(path, read.problem[0])) : ok(read.value.result);
}
