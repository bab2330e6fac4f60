import { join } from "node:path";
import {
  type Attempt,
  attempt,
  type FileSystem,
  machineFiles,
  type StorageProblem,
  syncFolder,
} from "../files/index.ts";
import { type Checkpoint, readCheckpoint, readState, writeCheckpoint } from "./checkpoint.ts";
import type { TrainingState } from "./checkpoint-state.ts";

export interface StoreOptions {
  /** How many of the last checkpoints stay, besides the best. */
  readonly keep?: number;
  readonly files?: FileSystem;
}

/** A checkpoint that was saved. */
export interface Saved {
  readonly folder: string;
  /** Why older checkpoints are still there that should have gone. */
  readonly left: readonly StorageProblem[];
}

/** The newest checkpoint that is whole, and what is wrong with those that are newer. */
export type Latest =
  | {
      readonly kind: "found";
      readonly folder: string;
      readonly checkpoint: Checkpoint;
      readonly problems: readonly StorageProblem[];
    }
  | { readonly kind: "none"; readonly problems: readonly StorageProblem[] }
  /** One that may be whole could not be read; to go on from an older one would throw work away. */
  | { readonly kind: "failed"; readonly problem: StorageProblem };

/**
 * The checkpoints of a run, a folder each. A folder is written under another name, waited for until it is on disk, and
 * renamed, so that a process that ends at any moment leaves whole checkpoints only. One process at a time may have a
 * store; `RunFolder` sees to it.
 */
export class CheckpointStore {
  readonly folder: string;
  private readonly keep: number;
  private readonly files: FileSystem;
  /** Names of checkpoints whose tensors turned out to be damaged, which their states do not show. */
  private readonly damaged = new Set<string>();

  constructor(folder: string, { keep = 3, files = machineFiles }: StoreOptions = {}) {
    if (keep < 1) throw new Error("at least one checkpoint is kept");
    this.folder = folder;
    this.keep = keep;
    this.files = files;
  }

  /** Makes the folder, and puts right what a process that was ended left there. */
  open(): Attempt<void> {
    return attempt(this.folder, () => {
      this.files.makeFolder(this.folder);
      this.settle();
      syncFolder(this.folder, this.files);
    });
  }

  /** Steps of the checkpoints that are there, whole or not, the newest first. */
  steps(): Attempt<readonly number[]> {
    return attempt(this.folder, () => this.names().map(stepOf));
  }

  /** The folder of a step's checkpoint. */
  folderOf(step: number): string {
    return join(this.folder, nameOf(step));
  }

  /**
   * Saves a checkpoint; it is on disk when this returns, and older ones that are not kept are gone. When it fails, those
   * that were there are still there.
   */
  save(checkpoint: Checkpoint): Attempt<Saved> {
    const name = nameOf(checkpoint.state.step);
    const folder = join(this.folder, name);
    const saved = attempt(folder, () => {
      this.settle();
      const written = this.aside(name, "new");
      writeCheckpoint(written, checkpoint, this.files);
      const isReplaced = this.names().includes(name);
      if (isReplaced) this.files.rename(folder, this.aside(name, "old"));
      this.files.rename(written, folder);
      syncFolder(this.folder, this.files);
      if (isReplaced) this.files.remove(this.aside(name, "old"));
    });
    if (saved.kind === "failed") {
      // What cannot be put right now is put right at the next start.
      attempt(this.folder, () => this.settle());
      return saved;
    }
    this.damaged.delete(name);
    return { kind: "ok", value: { folder, left: this.prune(checkpoint.state) } };
  }

  /** Reads the newest checkpoint that is whole. */
  latest(): Latest {
    const names = attempt(this.folder, () => this.names());
    if (names.kind === "failed") return names;
    const problems: StorageProblem[] = [];
    for (const name of names.value) {
      const folder = join(this.folder, name);
      const read = this.verified(name);
      if (read.kind === "ok") return { kind: "found", folder, checkpoint: read.value, problems };
      // A sector that cannot be read stays so; what is forbidden today, or of a newer version, may be read tomorrow.
      if (read.problem.code !== "DAMAGED" && read.problem.code !== "EIO") return read;
      if (read.problem.code === "DAMAGED") this.damaged.add(name);
      problems.push(read.problem);
    }
    return { kind: "none", problems };
  }

  private verified(name: string): ReturnType<typeof readCheckpoint> {
    const folder = join(this.folder, name);
    const read = readCheckpoint(folder, this.files);
    if (read.kind === "failed" || nameOf(read.value.state.step) === name) return read;
    const message = `it is of step ${read.value.state.step}`;
    return {
      kind: "failed",
      problem: { subject: folder, code: "DAMAGED", message, help: "give it its own name again" },
    };
  }

  /** Names of checkpoints, the newest first. */
  private names(): readonly string[] {
    return this.files
      .list(this.folder)
      .filter((name) => /^step-\d{8,16}$/.test(name))
      .toSorted((a, b) => stepOf(b) - stepOf(a));
  }

  /**
   * Removes what a process that was ended left behind. A checkpoint that was set aside for one of the same step comes
   * back when that one did not take its place.
   */
  private settle(): void {
    const names = this.files.list(this.folder);
    for (const name of names) {
      const [, of = "", why = ""] = /^\.(step-\d{8,16})\.(new|old|gone)$/.exec(name) ?? [];
      if (why === "old" && !names.includes(of)) this.files.rename(join(this.folder, name), join(this.folder, of));
      else if (why !== "") this.files.remove(join(this.folder, name));
    }
  }

  /** Removes all but the last ones, this one, and the best so far. What cannot be read for now is left, what is damaged is not. */
  private prune({ step, best }: TrainingState): readonly StorageProblem[] {
    const names = attempt(this.folder, () => this.names());
    if (names.kind === "failed") return [names.problem];
    const problems: StorageProblem[] = [];
    const whole: string[] = [];
    const useless: string[] = [];
    for (const name of names.value) {
      const read = readState(join(this.folder, name), this.files);
      if (this.damaged.has(name) || (read.kind === "failed" && read.problem.code === "DAMAGED")) useless.push(name);
      else if (read.kind === "failed") problems.push(read.problem);
      else whole.push(name);
    }
    const kept = new Set([nameOf(step), ...whole.slice(0, this.keep), best === null ? null : nameOf(best.step)]);
    for (const name of [...useless, ...whole.filter((each) => !kept.has(each))]) {
      const gone = attempt(join(this.folder, name), () => {
        // Under its own name it is there as a whole or not at all.
        this.files.rename(join(this.folder, name), this.aside(name, "gone"));
        this.files.remove(this.aside(name, "gone"));
      });
      if (gone.kind === "failed") problems.push(gone.problem);
      else this.damaged.delete(name);
    }
    return problems;
  }

  private aside(name: string, why: "new" | "old" | "gone"): string {
    return join(this.folder, `.${name}.${why}`);
  }
}

function nameOf(step: number): string {
  return `step-${String(step).padStart(8, "0")}`;
}

function stepOf(name: string): number {
  return Number(name.slice("step-".length));
}
