import type { VolumeSettings } from "../../compiler/index.ts";
import { failed, ok, type Problem, type Result } from "../text/index.ts";
import { type StoredFile, storedPath } from "./archive-member.ts";
import { type Fault, fault, problemOf } from "./problem.ts";
import { readSlices, type VolumeHeader } from "./readers/index.ts";
import { axesOnGrid } from "./same-grid.ts";
import { surveyVolume } from "./survey-volume.ts";
import { NearestLabels, type PackedVolume, planAxes, type VolumeMetadata } from "./transforms/index.ts";

/** The volume that a label map is of, and how it is prepared. */
export interface LabelledVolume {
  readonly file: StoredFile;
  readonly metadata: VolumeMetadata;
  readonly settings: VolumeSettings;
}

/** Reads a label map and resamples it to the grid that its volume is prepared on; the map must have the voxels of the volume's file. */
export async function preprocessLabels(file: StoredFile, volume: LabelledVolume): Promise<Result<PackedVolume>> {
  const [path, volumePath] = [storedPath(file), storedPath(volume.file)];
  const header = await headerOf(volume.file);
  if (header.kind === "failed") {
    return failed(problemOf(path, fault(`its volume ${volumePath} cannot be read: ${header.problem.message}`)));
  }
  const { metadata, settings } = volume;
  const surveyed = settings.crop === "none" ? ok(null) : await surveyVolume(volume.file, metadata, settings);
  if (surveyed.kind === "failed") return failed(problemOf(volumePath, surveyed.problem));
  const planned = planAxes(header.value, metadata, settings, surveyed.value?.foreground ?? null);
  if (planned.kind === "failed") return failed(problemOf(volumePath, planned.problem));
  const read = await readSlices(file, (own) => {
    const taken = axesOnGrid(header.value, own);
    if (taken.kind === "failed") {
      return failed(fault(`it is not on the grid of its volume ${volumePath}: ${taken.problem}`, gridHelp));
    }
    const labels = new NearestLabels(own, planned.value, settings.size, taken.value);
    return ok({ take: (slice, z) => labels.take(slice, z), result: labels });
  });
  if (read.kind === "failed") return failed(problemOf(path, read.problem[0]));
  const labels = read.value.result;
  return labels.fault === null ? ok(labels.result) : failed(problemOf(path, labels.fault));
}

const gridHelp = "Write the label map with the voxels and the header of that volume.";

/** The header of a volume, or what is wrong before its voxels. */
async function headerOf(file: StoredFile): Promise<Result<VolumeHeader, Fault>> {
  const found: VolumeHeader[] = [];
  const read = await readSlices(file, (header) => {
    found.push(header);
    return failed(fault("its header is all that is read here"));
  });
  const [header] = found;
  if (header !== undefined) return ok(header);
  return failed(read.kind === "failed" ? read.problem[0] : fault("it has no header"));
}

/** What is wrong with a label map, and with how it lies to its volume. */
export async function checkLabels(file: StoredFile, volume: LabelledVolume): Promise<readonly Problem[]> {
  const labels = await preprocessLabels(file, volume);
  return labels.kind === "failed" ? [labels.problem] : [];
}
