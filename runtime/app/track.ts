import { readManifest, runFolder } from "../sweep/index.ts";
import { failed, ok, type Problem, type Result } from "../text/index.ts";
import {
  type EntryOf,
  type FileKind,
  type RunSpan,
  readTracked,
  sweepOf,
  sweepRun,
  type Tracker,
  type TrackerFolder,
  trackers,
} from "../trackers/index.ts";
import { done, type Ended, type Reporter, refuse } from "./reporter.ts";

export interface TrackRequest {
  /** Folders of runs and of sweeps. */
  readonly folders: readonly string[];
  /** The name of a tracker. */
  readonly to: string;
  readonly output: string;
  /** MLflow's experiment, W&B's project. */
  readonly experiment: string;
  /** Null for what the tracker keeps by default. */
  readonly files: readonly FileKind[] | null;
}

/** What was written, and how to go on with it. */
export interface Tracked {
  readonly title: string;
  readonly runs: readonly WrittenRun[];
  /** Command lines. */
  readonly next: readonly string[];
}

interface WrittenRun {
  readonly name: string;
  readonly folder: string;
}

/** Writes runs into the folder of a tracker, each in the place of what was written of it before. */
export function trackRuns(request: TrackRequest, reporter: Reporter): Ended<Tracked> {
  const tracker = trackers.find(({ name }) => name === request.to);
  if (tracker === undefined) throw new Error(`invariant: ${request.to} is a tracker of the list`);
  const opened = tracker.open(request.output, request.experiment);
  if (opened.kind === "failed") return refuse(opened.problem, reporter);
  const kinds = new Set(request.files ?? tracker.defaultFiles);
  const runs: WrittenRun[] = [];
  const seen = new Map<string, string>();
  for (const folder of request.folders) {
    const task = { folder, tracker, into: opened.value, kinds, seen, reporter };
    const written = readManifest(folder) === null ? trackRun(task) : trackSweep(task);
    reporter.progressEnd();
    if (written.kind === "failed") return refuse(written.problem, reporter);
    runs.push(...written.value);
  }
  return done({ title: tracker.title, runs, next: tracker.next(request.output) });
}

/** One folder that was named. */
interface Task {
  readonly folder: string;
  readonly tracker: Tracker;
  readonly into: TrackerFolder;
  readonly kinds: ReadonlySet<FileKind>;
  /** Folders of runs that were written, by what the runs are known by. */
  readonly seen: Map<string, string>;
  readonly reporter: Reporter;
}

function trackRun(task: Task): Result<readonly WrittenRun[]> {
  const { folder } = task;
  const added = add(task, folder, null);
  if (added.kind === "failed") return added;
  switch (added.value.kind) {
    case "written":
      return ok([added.value.run]);
    case "empty":
      return failed({
        subject: folder,
        message: "no step is done yet",
        help: "wait for the first step of the training",
      });
    case "none":
      return failed(notRun(folder));
  }
}

/** Writes the runs of a sweep that there are. */
function trackSweep(task: Task): Result<readonly WrittenRun[]> {
  const { folder, tracker, into, kinds, reporter } = task;
  const sweep = sweepOf(folder);
  const runs: WrittenRun[] = [];
  const spans: RunSpan[] = [];
  let missing = 0;
  for (const entry of readManifest(folder)?.entries ?? []) {
    for (const seed of entry.seeds) {
      const added = add(task, runFolder(folder, entry.name, seed), { sweep, entry, seed });
      if (added.kind === "failed") return added;
      if (added.value.kind === "written") {
        runs.push(added.value.run);
        spans.push(added.value.span);
      } else missing += 1;
    }
  }
  if (missing > 0) reporter.note(`${folder}: ${missing} of ${missing + runs.length} runs have done no step yet`);
  if (!tracker.nestsRuns || runs.length === 0) return ok(runs);
  const parent = into.write(sweepRun(folder, sweep, spans, kinds));
  return parent.kind === "failed" ? parent : ok([{ name: sweep.name, folder: parent.value.folder }, ...runs]);
}

/** What came of one run's folder. */
type Added =
  | { readonly kind: "written"; readonly run: WrittenRun; readonly span: RunSpan }
  | { readonly kind: "empty" | "none" };

function add({ into, kinds, seen, reporter }: Task, folder: string, of: EntryOf | null): Result<Added> {
  reporter.progress(`reading ${folder}`);
  const read = readTracked(folder, kinds, of);
  if (read.kind !== "run") return ok(read);
  const { id, name, startedAt, endedAt, state } = read.run;
  const other = seen.get(id);
  if (other !== undefined) return failed(sameRun(folder, other));
  seen.set(id, folder);
  const written = into.write(read.run);
  if (written.kind === "failed") return written;
  for (const note of written.value.notes) reporter.note(`${name}: ${note}`);
  return ok({ kind: "written", run: { name, folder: written.value.folder }, span: { startedAt, endedAt, state } });
}

/** The one would take the other's place. */
function sameRun(folder: string, other: string): Problem {
  const message = `it is the same run as ${other}, or a copy of it with the same name`;
  return { subject: folder, message, help: "name one of them, or give the copy's folder another name" };
}

function notRun(folder: string): Problem {
  return {
    subject: folder,
    message: "it is not the folder of a run or a sweep",
    help: "name the folder of `medctc train -o` or `medctc sweep -o`",
  };
}
