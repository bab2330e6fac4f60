import type { Problem } from "../text/index.ts";
import type { VolumeMetadata } from "./hounsfield.ts";
import { metadataColumns } from "./metadata.ts";
import { quoted } from "./quoted.ts";
import type { Tables } from "./read-tables.ts";
import { type FoundVolume, volumeKey } from "./scan-folder.ts";
import { type Labels, reportColumns } from "./table-kinds.ts";
import type { TableRows } from "./table-rows.ts";

/** A volume with what the tables say of it. */
export interface Example {
  /** The volume's file name, `train_1_a_1.nii.gz`. */
  readonly name: string;
  /** The path of its file, from where the data folder's own path starts. */
  readonly file: string;
  readonly metadata: VolumeMetadata;
  /** Null when reports are not asked for. */
  readonly report: string | null;
  /** By class; null when labels are not asked for. */
  readonly labels: Labels | null;
}

/** What an example must have beside its metadata. */
export interface ExampleNeeds {
  readonly report: boolean;
  readonly labels: boolean;
}

/** Kinds of tables that are needed and not there: one problem each, instead of one for each volume. */
export function missingTables(
  folder: string,
  tables: Tables,
  needs: ExampleNeeds,
  classes: readonly string[],
): readonly Problem[] {
  const problems: Problem[] = [];
  const { metadata, reports, labels } = tables;
  if (!metadata.exists) problems.push(metadata.absence(folder, metadataColumns));
  if (needs.report && reports?.exists === false) problems.push(reports.absence(folder, reportColumns));
  if (needs.labels && labels?.exists === false) problems.push(labels.absence(folder, classes));
  return problems;
}

/** Joins a volume with the tables; without an example when something that it needs is missing or wrong. */
export function exampleOf(
  { name, file }: FoundVolume,
  tables: Tables,
  needs: ExampleNeeds,
): {
  readonly example: Example | null;
  readonly metadata: VolumeMetadata | null;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const found = <Value>(rows: TableRows<Value> | null, what: string): Value | null => {
    const row = rows?.of(volumeKey(name)) ?? null;
    if (row?.kind === "ok") return row.value.value;
    if (row?.kind === "failed") problems.push({ ...row.problem, message: `${row.problem.message} (${quoted(name)})` });
    // What is wrong with a table was reported once, and a row may stand in the part that could not be read.
    else if (rows?.exists === true && rows.complete && !rows.isInUnfinished(volumeKey(name))) {
      problems.push({ subject: file, message: `no table has ${what} of this volume`, help: null });
    }
    return null;
  };
  const metadata = found(tables.metadata, "the metadata");
  const report = needs.report ? found(tables.reports, "a report") : null;
  const labels = needs.labels ? found(tables.labels, "labels") : null;
  const whole = metadata !== null && (report !== null || !needs.report) && (labels !== null || !needs.labels);
  return { example: whole ? { name, file, metadata, report, labels } : null, metadata, problems };
}
