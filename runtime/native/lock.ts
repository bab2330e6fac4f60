import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Does something that only one process at a time may do in a folder. Another process that is at it is waited for; the
 * lock of one that is gone is taken over.
 */
export function withLock(folder: string, say: (line: string) => void, work: () => void): void {
  mkdirSync(folder, { recursive: true });
  const lock = join(folder, "installing");
  for (let waited = false; !take(lock); waited = true) {
    const holder = readHolder(lock);
    if (holder !== null && !isAlive(holder)) rmSync(lock, { force: true });
    else {
      if (!waited) say(`Waiting for another install of it (process ${holder ?? "unknown"}; ${lock}) ...`);
      sleep(500);
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** The process that has the lock; null when it has given it back meanwhile. */
function readHolder(lock: string): number | null {
  try {
    return Number(readFileSync(lock, "utf8"));
  } catch {
    return null;
  }
}

function isAlive(holder: number): boolean {
  try {
    // Signal 0 only asks; 0 and less would ask for groups of processes.
    return holder > 0 && process.kill(holder, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
