import type { VolumeMetadata } from "./hounsfield.ts";
import { metadataFaults, planAxes, type VolumeSettings } from "./preprocess.ts";
import type { DataProblem } from "./problem.ts";
import { readSlices } from "./read-volume.ts";

/**
 * Everything that is wrong with a volume: every rule that its header breaks, or else the first that its voxels do, and what is
 * wrong with its metadata, or with both together. Reads the file to its end and keeps nothing. Nothing is empty.
 */
export async function checkVolume(
  path: string,
  metadata: VolumeMetadata,
  settings: VolumeSettings,
): Promise<readonly DataProblem[]> {
  const faults = [...metadataFaults(metadata)];
  const result = await readSlices(path, (header) => {
    const axes = planAxes(header, metadata, settings);
    if (faults.length === 0 && "rule" in axes) faults.push(axes);
    return { take: () => undefined, result: null };
  });
  if (result.kind === "wrong") faults.push(...result.faults);
  return faults.map(({ rule, help }) => ({ file: path, rule, help }));
}
