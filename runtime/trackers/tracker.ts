import type { Problem, Result } from "../text/index.ts";
import type { TrackedRun } from "./tracked-run.ts";

/** A kind of file that a run's folder has to offer. */
export const fileKinds = ["spec", "adapter", "report", "table"] as const;

export type FileKind = (typeof fileKinds)[number];

/** A program that keeps and compares runs, and the folder that it reads. */
export interface Tracker {
  /** As `medctc track --to` has it. */
  readonly name: string;
  readonly title: string;
  /** Whether a sweep is a run of its own, under which those of its entries are shown. */
  readonly nestsRuns: boolean;
  /** What is kept of a run's files where nothing else is asked for. */
  readonly defaultFiles: readonly FileKind[];
  /** Opens a folder to write runs into, of an experiment or project of a name. What the file system refuses is thrown. */
  readonly open: (folder: string, experiment: string) => Result<TrackerFolder>;
  /** Lines that show what was written, or hand it on. */
  readonly next: (folder: string) => readonly string[];
}

/** A run that was written: its folder, and what of it the tracker does not take as it is. */
export interface Written {
  readonly folder: string;
  readonly notes: readonly string[];
}

export interface TrackerFolder {
  /**
   * Writes a run in the place of what was written of it before; the same run gives the same bytes. What the file system refuses is
   * thrown.
   */
  readonly write: (run: TrackedRun) => Result<Written>;
}

/** What a tracker cannot take of a run. */
export function cannotTake(run: TrackedRun, message: string, help: string): Problem {
  return { subject: run.name, message, help };
}
