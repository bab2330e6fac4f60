import { version } from "../../machine/index.ts";
import type { TrackedRun, TrackedState } from "../tracked-run.ts";
import { encodeRecord, type NamedValue, type WandbRecord } from "./record.ts";

/** W&B's name of a run; digits of the longer one that other trackers have. */
export function wandbId(run: TrackedRun): string {
  return run.id.slice(0, 16);
}

/** The records of a run, encoded one after the other. */
export function* encodeRun(run: TrackedRun, project: string): Generator<Uint8Array, void, undefined> {
  let number = 0;
  for (const record of recordsOf(run, project)) {
    number += 1;
    yield encodeRecord(record, number);
  }
}

function* recordsOf(run: TrackedRun, project: string): Generator<WandbRecord, void, undefined> {
  yield { kind: "header", producer: `medctc ${version}` };
  yield {
    kind: "run",
    id: wandbId(run),
    project,
    group: run.sweep?.name ?? null,
    name: run.name,
    tags: ["backend", "precision"].flatMap((name) => run.settings.get(name) ?? []),
    config: configOf(run),
    startedAt: run.startedAt,
  };
  const last = new Map<string, string>();
  for (const { step, seconds, values } of run.steps()) {
    const logged = new Map([...values].map(([name, value]) => [name, numberText(value)] as const));
    logged.set("_step", String(step));
    logged.set("_runtime", numberText(seconds - run.startedAt));
    logged.set("_timestamp", numberText(seconds));
    yield { kind: "history", step, values: valuesOf(logged) };
    for (const [name, json] of logged) last.set(name, json);
  }
  // What W&B itself keeps beside the history: the last value of each name.
  if (last.size > 0) yield { kind: "summary", values: valuesOf(last) };
  if (run.files.length > 0) yield { kind: "files", paths: run.files.map(({ name }) => name) };
  const code = exitCodeOf(run.state);
  const runtimeSeconds = Math.max(0, (run.endedAt ?? run.startedAt) - run.startedAt);
  if (code !== null) yield { kind: "exit", code, runtimeSeconds };
}

function valuesOf(values: ReadonlyMap<string, string>): readonly NamedValue[] {
  return [...values].map(([name, json]) => ({ names: [name], json }));
}

/** `train.lr` is `lr` in `train`. */
function configOf({ settings, tags }: TrackedRun): readonly NamedValue[] {
  return [...tags, ...settings].map(([name, value]) => ({ names: name.split("."), json: settingJson(value) }));
}

/** A number, a text in quotes or a list is written in a spec as it is in JSON; what else there is is a text. */
function settingJson(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value));
  } catch {
    return JSON.stringify(value);
  }
}

function numberText(value: number): string {
  return Number.isNaN(value) ? "NaN" : String(value);
}

/** Of a run that was interrupted W&B has 255. Null while it goes on. */
function exitCodeOf(state: TrackedState): number | null {
  switch (state) {
    case "running":
      return null;
    case "done":
      return 0;
    case "failed":
      return 1;
    case "stopped":
      return 255;
  }
}
