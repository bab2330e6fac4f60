import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "../../files/index.ts";

/**
 * Does something that only one process at a time may do in a folder. Another process that is at it is waited for; the
 * lock of one that is gone is taken over.
 */
export function withLock(folder: string, say: (line: string) => void, work: () => void): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "installing");
  let lock = takeLock(path);
  for (let waited = false; lock.kind === "held"; waited = true) {
    if (!waited) say(`Waiting for another install of it (process ${lock.holder.pid}; ${path}) ...`);
    sleep(500);
    lock = takeLock(path);
  }
  try {
    work();
  } finally {
    lock.release();
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
