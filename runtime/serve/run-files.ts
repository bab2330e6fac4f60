import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Holder, holderOf } from "../files/index.ts";
import { lockFolder, type RunRecord, readRecord, readState, recordFile, reportFile } from "../train/index.ts";
import type { RunState } from "./wire.ts";

/** What tells a file from what it was; null where there is none. A link is no file of the run. */
export async function markOf(path: string): Promise<string | null> {
  const status = await lstat(path).catch(() => null);
  return status?.isFile() === true ? `${status.ino} ${status.size} ${status.mtimeMs}` : null;
}

/** What a folder says of its run, read again when it has changed. */
export class RecordFile {
  private readonly folder: string;
  private mark: string | null = "";
  private known: RunRecord | null = null;

  constructor(folder: string) {
    this.folder = folder;
  }

  get record(): RunRecord | null {
    return this.known;
  }

  /** Gives whether anything changed. */
  async refresh(): Promise<boolean> {
    const ownMark = await markOf(join(this.folder, recordFile));
    // Earlier versions wrote none; their checkpoints say most of it.
    const mark = ownMark ?? (await newestCheckpoint(this.folder));
    if (mark === this.mark) return false;
    this.mark = mark;
    this.known = ownMark === null ? ofCheckpoint(this.folder, mark) : readRecord(this.folder);
    return true;
  }
}

async function newestCheckpoint(folder: string): Promise<string | null> {
  const names = await readdir(join(folder, "checkpoints")).catch((): string[] => []);
  return (
    names
      .filter((name) => /^step-\d{8,16}$/.test(name))
      .sort()
      .at(-1) ?? null
  );
}

function ofCheckpoint(folder: string, name: string | null): RunRecord | null {
  const read = name === null ? null : readState(join(folder, "checkpoints", name));
  if (read === null || read.kind === "failed") return null;
  const { identity, settings } = read.value;
  const steps = settings.get("steps");
  return {
    medctc: String(settings.get("medctc") ?? ""),
    spec: "",
    text: identity.spec,
    backend: String(settings.get("backend") ?? ""),
    ...{ precision: identity.precision, seed: identity.seed, batch: identity.batch },
    steps: typeof steps === "number" ? steps : identity.steps,
    stepsPerEpoch: 0,
    parameters: null,
    times: null,
    startedAt: "",
    end: null,
  };
}

export interface ToldState {
  readonly state: RunState;
  readonly note: string;
}

/** How it is with a run. Of a process on another machine only its lock is known. */
export async function stateOf(folder: string, record: RunRecord | null, thisHost: string): Promise<ToldState> {
  const holder = lockHolder(folder);
  if (holder !== null) {
    return { state: "running", note: holder.host === thisHost ? "" : `on ${holder.host}` };
  }
  const isReported = (await markOf(join(folder, reportFile))) !== null;
  const isAdapted = (await markOf(join(folder, "adapter.safetensors"))) !== null;
  // What an earlier version trained, and did not say how it ended.
  if (record === null || record.startedAt === "")
    return { state: isReported && isAdapted ? "finished" : "stopped", note: "" };
  if (record.end === null)
    return { state: "failed", note: "its process was ended from outside; continue it with --resume" };
  switch (record.end.kind) {
    case "done":
      return { state: "finished", note: "" };
    case "stopped":
      return { state: "stopped", note: "continue it with --resume" };
    case "failed":
      return { state: "failed", note: record.end.problems.at(-1)?.message ?? "" };
  }
}

/** What cannot be read now, as on a disk that is gone, is held by nobody that is known. */
function lockHolder(folder: string): Holder | null {
  try {
    return holderOf(join(folder, lockFolder));
  } catch {
    return null;
  }
}
