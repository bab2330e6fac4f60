import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isRunning, machineFiles, writeAtomically } from "../../files/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { placeFile } from "../place-file.ts";
import type { TrackedRun, TrackedState } from "../tracked-run.ts";
import type { Written } from "../tracker.ts";
import { writeMetrics, wrongMetric } from "./metric-files.ts";
import { encodeMeta } from "./yaml.ts";

/** Characters of a parameter and of a tag. */
const longestParameter = 6000;
const longestTag = 8000;

/** What is replaced as a whole; tags and artifacts of others stay. */
const replaced = ["metrics", "params"] as const;

/** Writes a run into the folder of its experiment. Throws what the file system says. */
export function writeRun(experimentFolder: string, experiment: string, run: TrackedRun): Result<Written> {
  const wrong = wrongMetric(run);
  if (wrong !== null) return failed(wrong);
  const parameters = valuesFor(run.settings, longestParameter);
  const tags = valuesFor(tagsOf(run), longestTag);
  const folder = join(experimentFolder, run.id);
  mkdirSync(folder, { recursive: true });
  removeLeft(folder);
  const aside = join(folder, `.medctc.${process.pid}.tmp`);
  try {
    writeAside(aside, run, parameters.values, tags.values);
    for (const name of replaced) {
      const place = join(folder, name);
      if (existsSync(place)) machineFiles.rename(place, join(aside, `old-${name}`));
      machineFiles.rename(join(aside, name), place);
    }
    mkdirSync(join(folder, "tags"), { recursive: true });
    for (const name of tags.values.keys()) machineFiles.rename(join(aside, "tags", name), join(folder, "tags", name));
    const artifacts = join(folder, "artifacts");
    mkdirSync(artifacts, { recursive: true });
    for (const file of run.files) placeFile(artifacts, file);
    writeAtomically(join(folder, "meta.yaml"), metaOf(run, experiment, artifacts));
  } finally {
    machineFiles.remove(aside);
  }
  return ok({ folder, notes: [...parameters.notes, ...tags.notes] });
}

function writeAside(
  aside: string,
  run: TrackedRun,
  parameters: ReadonlyMap<string, string>,
  tags: ReadonlyMap<string, string>,
): void {
  for (const name of [...replaced, "tags"]) mkdirSync(join(aside, name), { recursive: true });
  for (const [name, value] of parameters) writeAtomically(join(aside, "params", name), value);
  for (const [name, value] of tags) writeAtomically(join(aside, "tags", name), value);
  writeMetrics(join(aside, "metrics"), run);
}

/** What a process that was ended left. */
function removeLeft(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /^\.medctc\.(\d+)\.tmp$/.exec(name)?.[1];
    // In a container a process often has the number of the one before it.
    const isLeft = pid !== undefined && (Number(pid) === process.pid || !isRunning(Number(pid)));
    if (isLeft) machineFiles.remove(join(folder, name));
  }
}

/** Values with no more characters than MLflow takes, and which of them had more. */
function valuesFor(values: ReadonlyMap<string, string>, longest: number) {
  const notes: string[] = [];
  const cut = [...values].map(([name, value]) => {
    const characters = [...value];
    if (characters.length <= longest) return [name, value] as const;
    notes.push(
      `\`${name}\` has ${characters.length} characters, of which MLflow takes ${longest}; spec.vlm has all of it`,
    );
    return [name, `${characters.slice(0, longest - 1).join("")}…`] as const;
  });
  return { values: new Map(cut), notes };
}

function tagsOf(run: TrackedRun): ReadonlyMap<string, string> {
  return new Map([
    ...run.tags,
    ["mlflow.runName", run.name],
    ["mlflow.source.name", run.settings.get("spec") ?? run.name],
    ...(run.sweep === null ? [] : [["mlflow.parentRunId", run.sweep.id] as const]),
  ]);
}

function metaOf(run: TrackedRun, experiment: string, artifacts: string): string {
  const milliseconds = (seconds: number): number => Math.round(seconds * 1000);
  return encodeMeta([
    ["artifact_uri", pathToFileURL(artifacts).href],
    ["end_time", run.endedAt === null ? null : milliseconds(run.endedAt)],
    ["entry_point_name", ""],
    ["experiment_id", experiment],
    ["lifecycle_stage", "active"],
    ["run_id", run.id],
    ["run_name", run.name],
    ["run_uuid", run.id],
    ["source_name", ""],
    // SourceType.LOCAL of MLflow's protocol.
    ["source_type", 4],
    ["source_version", ""],
    ["start_time", milliseconds(run.startedAt)],
    ["status", statusOf(run.state)],
    ["tags", []],
    ["user_id", ""],
  ]);
}

/** RunStatus of MLflow's protocol. */
function statusOf(state: TrackedState): number {
  switch (state) {
    case "running":
      return 1;
    case "done":
      return 3;
    case "failed":
      return 4;
    case "stopped":
      return 5;
  }
}
