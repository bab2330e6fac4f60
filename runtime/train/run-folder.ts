import { basename, join } from "node:path";
import {
  type Attempt,
  attempt,
  type FileSystem,
  type Holder,
  isRunning,
  machineFiles,
  removeQuietly,
  type StorageProblem,
  syncFolder,
  takeLock,
  writeAtomically,
} from "../files/index.ts";
import { adapterFile, averageFile } from "./checkpoint.ts";
import { CheckpointStore, type StoreOptions } from "./checkpoint-store.ts";
import { sortedPieces, type TrainedTensor } from "./checkpoint-tensors.ts";
import { type RunEnd, type RunRecord, recordFile, writeRecord } from "./run-record.ts";
import type { SpentTimes } from "./spent-times.ts";

/** A run's folder that this process has now, or why not. */
export type OpenedRun =
  | { readonly kind: "open"; readonly run: RunFolder }
  | { readonly kind: "held"; readonly problem: StorageProblem; readonly holder: Holder }
  | { readonly kind: "failed"; readonly problem: StorageProblem };

/** The folder in a run's folder for files that are needed only while the training runs. */
export function workFolderOf(path: string): string {
  return join(path, ".work");
}

export const metricsFile = "metrics.jsonl";
export const skippedFile = "skipped.jsonl";
export const reportFile = "report.html";
/** Who has the folder. */
export const lockFolder = "run.lock";

/**
 * The folder that a training writes into: `run.json`, `checkpoints/`, `evaluations/`, `metrics.jsonl`, `skipped.jsonl`, `events/` for
 * TensorBoard, and in the end `adapter.safetensors`, `adapter-ema.safetensors` where averages are kept, and `report.html`. Nothing
 * else in the folder is touched.
 */
export class RunFolder {
  readonly path: string;
  readonly checkpoints: CheckpointStore;
  readonly metricsPath: string;
  readonly eventsFolder: string;
  readonly evaluationsFolder: string;
  readonly skippedPath: string;
  readonly adapterPath: string;
  readonly averagePath: string;
  readonly reportPath: string;
  /** For files that are needed only while the training runs. It is not made, and is removed by `close` or the next `open`. */
  readonly workFolder: string;
  private readonly files: FileSystem;
  private readonly release: () => void;
  private record: RunRecord | null = null;

  private constructor(path: string, options: StoreOptions, release: () => void) {
    this.path = path;
    this.checkpoints = new CheckpointStore(join(path, "checkpoints"), options);
    this.metricsPath = join(path, metricsFile);
    this.eventsFolder = join(path, "events");
    this.evaluationsFolder = join(path, "evaluations");
    this.skippedPath = join(path, skippedFile);
    this.adapterPath = join(path, adapterFile);
    this.averagePath = join(path, averageFile);
    this.reportPath = join(path, reportFile);
    this.workFolder = workFolderOf(path);
    this.files = options.files ?? machineFiles;
    this.release = release;
  }

  /**
   * Makes the folder, takes it for this process, and removes what a process that was ended left half done. The lock of
   * a process that is gone is taken over; `close` gives it back.
   */
  static open(path: string, options: StoreOptions = {}): OpenedRun {
    const files = options.files ?? machineFiles;
    const lockPath = join(path, lockFolder);
    const lock = attempt(path, () => {
      files.makeFolder(path);
      return takeLock(lockPath, files);
    });
    if (lock.kind === "failed") return lock;
    if (lock.value.kind === "held") {
      const { holder } = lock.value;
      return { kind: "held", holder, problem: heldBy(holder, lockPath) };
    }
    const run = new RunFolder(path, options, lock.value.release);
    const cleaned = attempt(path, () => run.removeTemporary());
    const opened = cleaned.kind === "failed" ? cleaned : run.checkpoints.open();
    if (opened.kind === "ok") return { kind: "open", run };
    run.close();
    return opened;
  }

  /** Writes what was trained, or its averages, by names in checkpoints. The file that was there stays when it fails. */
  saveAdapter(
    tensors: ReadonlyMap<string, TrainedTensor>,
    metadata: ReadonlyMap<string, string> = new Map(),
    path = this.adapterPath,
  ): Attempt<void> {
    return attempt(path, () => {
      writeAtomically(path, sortedPieces(tensors, metadata), this.files);
      syncFolder(this.path, this.files);
    });
  }

  /** Says of the folder what is trained in it. */
  begin(record: Omit<RunRecord, "end" | "times">): void {
    this.record = { ...record, times: null, end: null };
    writeRecord(this.path, this.record, this.files);
  }

  /** Hears what a training's time went into, to be written when it ends. */
  spend(times: SpentTimes): void {
    if (this.record !== null) this.record = { ...this.record, times };
  }

  /** Says how a training ended that had begun. */
  end(end: RunEnd): void {
    if (this.record !== null) writeRecord(this.path, { ...this.record, end }, this.files);
  }

  /** Gives the folder back. */
  close(): void {
    removeQuietly(this.workFolder, this.files);
    this.release();
  }

  private removeTemporary(): void {
    this.files.remove(this.workFolder);
    for (const name of this.files.list(this.path)) {
      const [, of = "", pid = ""] = /^\.(.+)\.(\d+)\.tmp$/.exec(name) ?? [];
      // Files are written only under the lock, which this process has; another one may be trying to take it just now.
      const isStale = ownFiles.has(of) || (of === lockFolder && !isRunning(Number(pid)));
      if (isStale) this.files.remove(join(this.path, name));
      if (name === basename(this.evaluationsFolder)) this.removeHalfEvaluations();
    }
  }

  private removeHalfEvaluations(): void {
    for (const name of this.files.list(this.evaluationsFolder)) {
      if (/^\.step-\d{8,16}\.json\.\d+\.tmp$/.test(name)) this.files.remove(join(this.evaluationsFolder, name));
    }
  }
}

/** What is written into the folder itself. */
const ownFiles: ReadonlySet<string> = new Set([
  ...[recordFile, adapterFile, averageFile, metricsFile, skippedFile, reportFile],
]);

function heldBy({ pid, host }: Holder, lockPath: string): StorageProblem {
  return {
    subject: lockPath,
    code: "HELD",
    message: `process ${pid} on ${host} is writing into this folder`,
    help: `wait for it, use another folder, or remove ${lockPath} if that process is gone`,
  };
}
