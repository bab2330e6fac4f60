import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { holderOf, kindOfPath } from "../files/index.ts";
import type { ManifestEntry } from "../sweep/index.ts";
import { lockFolder, newestState, type RunRecord, readRecord, reportFile, settingsOf } from "../train/index.ts";
import { readLogged } from "./steps.ts";
import type { TrackedFile, TrackedRun, TrackedState } from "./tracked-run.ts";
import type { FileKind } from "./tracker.ts";

/** What is there to track in a folder. */
export type ReadRun =
  | { readonly kind: "run"; readonly run: TrackedRun }
  /** A training that has not done a step yet. */
  | { readonly kind: "empty" }
  | { readonly kind: "none" };

/** The run of an entry of a sweep, beside what says so. */
export interface EntryOf {
  readonly sweep: NonNullable<TrackedRun["sweep"]>;
  readonly entry: ManifestEntry;
  readonly seed: number;
}

/** Reads a run's folder, by itself or as an entry of a sweep. Throws what the file system says. */
export function readTracked(folder: string, kinds: ReadonlySet<FileKind>, of: EntryOf | null = null): ReadRun {
  const record = readRecord(folder);
  if (record === null) return { kind: "none" };
  const logged = readLogged(folder, secondsOf(record.startedAt));
  if (logged === null) return { kind: "empty" };
  const { first, ...others } = logged;
  const state = stateOf(folder, record);
  const name = of === null ? basename(resolve(folder)) : `${of.entry.name}, seed ${of.seed}`;
  const run: TrackedRun = {
    ...others,
    id: idOf("run", name, first),
    name,
    sweep: of?.sweep ?? null,
    endedAt: record.end === null ? null : secondsOf(record.end.at),
    state,
    settings: new Map([...settingsOf(record), ...countsOf(record), ...placementOf(of)]),
    tags: tagsOf(folder),
    files: filesOf(folder, record, kinds),
  };
  return { kind: "run", run };
}

/** When a run was, and how it ended. */
export type RunSpan = Pick<TrackedRun, "startedAt" | "endedAt" | "state">;

/** What stands for a sweep where runs can stand under each other. */
export function sweepRun(
  root: string,
  sweep: EntryOf["sweep"],
  runs: readonly RunSpan[],
  kinds: ReadonlySet<FileKind>,
): TrackedRun {
  const ends = runs.map(({ endedAt }) => endedAt);
  const isRunning = runs.some(({ state }) => state === "running");
  const tables = ["results.csv", "index.html"].map((name) => ({ name, path: join(root, name) }));
  return {
    id: sweep.id,
    name: sweep.name,
    sweep: null,
    startedAt: Math.min(...runs.map(({ startedAt }) => startedAt)),
    endedAt: isRunning || ends.includes(null) ? null : Math.max(...ends.flatMap((end) => end ?? [])),
    state: isRunning ? "running" : runs.every(({ state }) => state === "done") ? "done" : "failed",
    settings: new Map(),
    tags: new Map(),
    files: kinds.has("table") ? existing(tables) : [],
    names: new Set(),
    steps: () => [],
  };
}

/** The sweep of a folder; nothing but its place tells it from another. */
export function sweepOf(root: string): EntryOf["sweep"] {
  return { id: idOf("sweep", realpathSync(root)), name: basename(resolve(root)) };
}

function idOf(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 32);
}

function stateOf(folder: string, { end }: RunRecord): TrackedState {
  if (holderOf(join(folder, lockFolder)) !== null) return "running";
  // A process that was ended from outside says nothing.
  return end?.kind ?? "failed";
}

function countsOf({ parameters }: RunRecord): readonly (readonly [string, string])[] {
  if (parameters === null) return [];
  return [
    ["parameters.total", String(parameters.total)],
    ["parameters.trainable", String(parameters.trainable)],
  ];
}

function placementOf(of: EntryOf | null): readonly (readonly [string, string])[] {
  if (of === null) return [];
  const { name, placement } = of.entry;
  return [["sweep.entry", name], ...(placement === null ? [] : [["sweep.placement", placement.name] as const])];
}

function tagsOf(folder: string): ReadonlyMap<string, string> {
  const state = newestState(folder);
  if (state === null) return new Map();
  const { identity, best } = state;
  return new Map([
    ["identity.data", identity.data],
    ["identity.weights", identity.weights],
    ...(best === null ? [] : [["best.step", String(best.step)] as const]),
  ]);
}

function filesOf(folder: string, record: RunRecord, kinds: ReadonlySet<FileKind>): readonly TrackedFile[] {
  const spec: TrackedFile = { name: "spec.vlm", content: { kind: "text", text: record.text } };
  const adapters = ["adapter.safetensors", "adapter-ema.safetensors"];
  const files = [...(kinds.has("adapter") ? adapters : []), ...(kinds.has("report") ? [reportFile] : [])];
  return [...(kinds.has("spec") ? [spec] : []), ...existing(files.map((name) => ({ name, path: join(folder, name) })))];
}

function existing(files: readonly { readonly name: string; readonly path: string }[]): readonly TrackedFile[] {
  return files.flatMap(({ name, path }) =>
    kindOfPath(path) === "file" ? [{ name, content: { kind: "file", path } as const }] : [],
  );
}

function secondsOf(time: string): number {
  const milliseconds = Date.parse(time);
  return Number.isFinite(milliseconds) ? milliseconds / 1000 : 0;
}
