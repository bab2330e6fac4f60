import { spawnSync } from "node:child_process";
import { closeSync, fsyncSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Bytes of a file that is read, some seconds on a slow disk, and how often; the fastest counts. */
const size = 2 ** 26;
const readings = 3;

/**
 * Bytes of a file in a folder that the disk gives in a second. Null where the system cannot be told to forget what it has of the file in
 * memory: `dd` of GNU can on Linux. Throws what the system says.
 */
export function timeDisk(folder: string): number | null {
  const path = join(folder, "file");
  const bytes = Buffer.alloc(size);
  // No two blocks are the same, where a disk keeps those once.
  for (let at = 0; at < size; at += 8) bytes.writeDoubleLE(Math.sin(at), at);
  writeFileSync(path, bytes);
  const file = openSync(path, "r+");
  // What is not on disk yet cannot be forgotten.
  fsyncSync(file);
  closeSync(file);
  const seconds: number[] = [];
  for (let reading = 0; reading < readings; reading++) {
    const forgotten = spawnSync("dd", [`if=${path}`, "iflag=nocache", "count=0"], { stdio: "ignore" });
    if (process.platform !== "linux" || forgotten.status !== 0) return null;
    const start = performance.now();
    readFileSync(path);
    seconds.push((performance.now() - start) / 1000);
  }
  return size / Math.min(...seconds);
}
