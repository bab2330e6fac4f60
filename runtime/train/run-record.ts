import { join } from "node:path";
import * as v from "valibot";
import { attempt, type FileSystem, machineFiles, readBytes, writeAtomically } from "../files/index.ts";
import { readOwnJson } from "../json/index.ts";
import type { Problem } from "../text/index.ts";
import type { SpentTimes } from "./spent-times.ts";

/** What a run's folder says of the run, in `run.json`: from its start on what it is, and in the end how it ended. */
export interface RunRecord {
  /** The version that trains. */
  readonly medctc: string;
  /** The spec's path as it was given, and its text with those of the files that it imports. */
  readonly spec: string;
  readonly text: string;
  readonly backend: string;
  readonly precision: string;
  readonly seed: number;
  readonly batch: number;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** Parameters of the model, and those of them that are trained; null in runs of earlier versions. */
  readonly parameters: { readonly total: number; readonly trainable: number } | null;
  /** When this process began, as ISO 8601. */
  readonly startedAt: string;
  /** Null while it runs, and in runs of earlier versions. */
  readonly times: SpentTimes | null;
  /** Null while it runs, and for one whose process was ended from outside. */
  readonly end: RunEnd | null;
}

export interface RunEnd {
  readonly kind: "done" | "stopped" | "failed";
  readonly at: string;
  /** Why it failed, with what was said before that. */
  readonly problems: readonly Problem[];
}

export const recordFile = "run.json";

/** Bytes that such a file may have: the text of a spec, each character of it written as six, and room. */
const longestRecord = 2 ** 25;

const problem = v.object({ subject: v.string(), message: v.string(), help: v.nullable(v.string()) });
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const seconds = v.pipe(v.number(), v.minValue(0));
const times = v.object({ starting: seconds, steps: seconds, waiting: seconds, evaluating: seconds, saving: seconds });
const record = v.object({
  medctc: v.string(),
  spec: v.string(),
  text: v.string(),
  backend: v.string(),
  precision: v.string(),
  seed: v.number(),
  batch: count,
  steps: count,
  stepsPerEpoch: count,
  parameters: v.optional(v.nullable(v.object({ total: count, trainable: count })), null),
  startedAt: v.string(),
  times: v.optional(v.nullable(times), null),
  end: v.nullable(
    v.object({ kind: v.picklist(["done", "stopped", "failed"]), at: v.string(), problems: v.array(problem) }),
  ),
});

/** Nothing depends on it but what people look at: where it cannot be written, the training goes on. */
export function writeRecord(folder: string, written: RunRecord, files: FileSystem = machineFiles): void {
  const path = join(folder, recordFile);
  attempt(path, () => writeAtomically(path, `${JSON.stringify(written, null, 2)}\n`, files));
}

/** What a folder says of its run; null where there is no such file, as in runs of earlier versions, or one that is damaged. */
export function readRecord(folder: string, files: FileSystem = machineFiles): RunRecord | null {
  const path = join(folder, recordFile);
  const bytes = attempt(path, () => readBytes(path, longestRecord, files));
  return bytes.kind === "failed" || bytes.value === null
    ? null
    : readOwnJson(new TextDecoder().decode(bytes.value), record);
}
