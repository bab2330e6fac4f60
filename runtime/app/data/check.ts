import { type DataSettings, defaultData } from "../../../compiler/index.ts";
import {
  checkDataset,
  checkVolume,
  type DatasetCounts,
  examineVolumes,
  type VolumeCheck,
  type VolumeFile,
} from "../../data/index.ts";
import type { Problem } from "../../text/index.ts";
import { compileReported } from "../compiled-spec.ts";
import { done, type Ended, type Reporter, refused } from "../reporter.ts";

export interface DataCheckRequest {
  readonly folder: string;
  /** A spec whose `data` and `eval` blocks the data are held against; null for CT-CLIP's own preprocessing. */
  readonly spec: string | null;
  /** Whether volumes are read. */
  readonly volumes: boolean;
  /** How many problems are reported as they are found; all of them are in the result. */
  readonly mostReported: number;
}

export interface DataCheck {
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
  readonly counts: DatasetCounts | null;
}

/** Finds what is wrong with a data folder, file by file, and counts what is in it. */
export async function checkData(request: DataCheckRequest, reporter: Reporter): Promise<Ended<DataCheck>> {
  const { folder, spec, volumes, mostReported } = request;
  const compiled = spec === null ? null : compileReported(spec, reporter);
  if (spec !== null && compiled === null) return refused;
  const classes = compiled?.spec.evaluation.classes ?? [];
  const rules: DataRules = {
    settings: compiled?.spec.data ?? defaultData,
    classes: classes.length === 0 ? null : classes,
    checkVolume: volumes ? checkVolume : null,
  };
  return done(await checkFolder(folder, rules, mostReported, reporter));
}

/** What a data folder is held against. */
export interface DataRules {
  /** What a spec's `data` block says, or CT-CLIP's own. */
  readonly settings: DataSettings;
  /** Classes whose labels are needed; null for those that are there, if any are. */
  readonly classes: readonly string[] | null;
  /** Reads a volume; null leaves the volumes unread. */
  readonly checkVolume: VolumeCheck | null;
}

export async function checkFolder(
  folder: string,
  rules: DataRules,
  mostReported: number,
  reporter: Pick<Reporter, "problem" | "progress" | "progressEnd">,
): Promise<DataCheck> {
  const problems: Problem[] = [];
  const notes: string[] = [];
  let counts: DatasetCounts | null = null;
  const examine = (volumes: readonly VolumeFile[], settings: DataSettings) =>
    examineVolumes(volumes, settings, reporter.progress);
  const options = rules.checkVolume === null ? rules : { ...rules, examine };
  for await (const finding of checkDataset(folder, rules.settings, options)) {
    switch (finding.kind) {
      case "progress":
        reporter.progress(finding.text);
        break;
      case "note":
        notes.push(finding.note);
        break;
      case "problem":
        problems.push(finding.problem);
        if (problems.length > mostReported) break;
        reporter.progressEnd();
        reporter.problem(finding.problem);
        break;
      case "counts":
        counts = finding.counts;
        break;
    }
  }
  reporter.progressEnd();
  return { problems, notes, counts };
}
