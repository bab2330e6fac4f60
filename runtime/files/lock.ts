import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { type FileSystem, machineFiles, readBytes } from "./file-system.ts";
import { errorCode } from "./storage-problem.ts";
import { removeQuietly, writeDurably } from "./write-atomically.ts";

/** A process, told apart from a later one that has its number. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When it started, in the system's ticks since its own start; null where the system does not say. */
  readonly started: string | null;
}

/** A lock that is this process's own now, or the process that has it. */
export type Lock =
  | { readonly kind: "taken"; readonly release: () => void }
  | { readonly kind: "held"; readonly holder: Holder };

/** How often a lock is tried that others give back or leave behind just then. */
const tries = 10;

const longestHolder = 4096;

/**
 * Takes the lock of that path, for what one process at a time may do. The lock is a folder that appears with its
 * holder's name inside, so that a lock without one is nobody's. One of a process of this machine that is gone is taken
 * over; of a process of another machine nothing is known, so it is left. Throws what the file system says.
 */
export function takeLock(path: string, files: FileSystem = machineFiles): Lock {
  const own: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  for (let tried = 0; tried < tries; tried++) {
    if (place(path, own, aside, files)) return { kind: "taken", release: () => release(path, own, aside, files) };
    const holder = readHolder(path, files);
    if (holder !== null && isAlive(holder)) return { kind: "held", holder };
    const moved = moveAway(path, aside, files) ? readHolder(aside, files) : null;
    if (moved !== null && isAlive(moved)) {
      // Another process took it over just before.
      files.rename(aside, path);
      return { kind: "held", holder: moved };
    }
    files.remove(aside);
  }
  throw new Error(`${path} cannot be taken over: it comes back without a holder`);
}

/** The process that has the lock of a path; null when nobody does, or a process of this machine that is gone. */
export function holderOf(path: string, files: FileSystem = machineFiles): Holder | null {
  const holder = readHolder(path, files);
  return holder !== null && isAlive(holder) ? holder : null;
}

/** Gives a lock back, unless a person took it away and another process has it. What fails leaves a lock of a process that ends. */
function release(path: string, own: Holder, aside: string, files: FileSystem): void {
  try {
    const holder = readHolder(path, files);
    if (holder?.pid === own.pid && holder.host === own.host && moveAway(path, aside, files)) files.remove(aside);
  } catch (error) {
    if (errorCode(error) === null) throw error;
  }
}

/** Puts a lock there that has its holder inside; false when there is one. */
function place(path: string, own: Holder, aside: string, files: FileSystem): boolean {
  try {
    files.remove(aside);
    files.makeFolder(aside);
    writeDurably(join(aside, "holder.json"), `${JSON.stringify(own)}\n`, files);
    files.rename(aside, path);
    return true;
  } catch (error) {
    removeQuietly(aside, files);
    if (taken.has(errorCode(error) ?? "")) return false;
    throw error;
  }
}

/** How systems refuse to put a folder where something is. */
const taken: ReadonlySet<string> = new Set([
  ...["EEXIST", "ENOTEMPTY", "ENOTDIR"],
  ...(process.platform === "win32" ? ["EPERM"] : []),
]);

/** Renamed before it is removed, so that nobody sees a lock without its holder; false when there is none. */
function moveAway(path: string, aside: string, files: FileSystem): boolean {
  files.remove(aside);
  try {
    files.rename(path, aside);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** Who has a lock; null when it has been given back meanwhile, or when no holder is named. */
function readHolder(path: string, files: FileSystem): Holder | null {
  try {
    const bytes = readBytes(join(path, "holder.json"), longestHolder, files);
    return bytes === null ? null : parseHolder(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

function parseHolder(text: string): Holder | null {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return null;
  const pid = "pid" in value ? value.pid : null;
  const host = "host" in value ? value.host : null;
  const started = "started" in value ? value.started : null;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0 || typeof host !== "string") return null;
  return { pid, host, started: typeof started === "string" ? started : null };
}

function isAlive({ pid, host, started }: Holder): boolean {
  if (host !== hostname()) return true;
  if (!isRunning(pid)) return false;
  const now = startOf(pid);
  return started === null || now === null || started === now;
}

/** Whether this machine has a process of that number. */
export function isRunning(pid: number): boolean {
  try {
    // Signal 0 only asks; 0 and less would ask for groups of processes.
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/** When a process started, from Linux's /proc (proc_pid_stat(5)); null elsewhere, `ended` for one that nobody waited for. */
function startOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's name in brackets and may have blanks and brackets of its own.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state] = fields;
    return state === "Z" || state === "X" ? "ended" : (fields[19] ?? null);
  } catch {
    return null;
  }
}
