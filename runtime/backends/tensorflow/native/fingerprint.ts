import { createHash } from "node:crypto";
import { readSync, utimesSync } from "node:fs";
import { withRegularFile } from "../../../files/index.ts";

/** What a file was when it was installed. */
export interface Fingerprint {
  readonly sizeBytes: number;
  /** The time of its last change, in whole milliseconds. */
  readonly modifiedMs: number;
  /** The sha256 of its first and its last 64 KiB. */
  readonly ends: string;
  /** The sha256 of all of it. */
  readonly sha256: string;
}

const endBytes = 64 * 1024;

/** Reads all of a file: some seconds for a library. Throws what the file system says. */
export function fingerprint(path: string): Fingerprint {
  return withFile(path, (file, sizeBytes, modifiedMs) => ({
    sizeBytes,
    modifiedMs,
    ends: hashOfEnds(file, sizeBytes),
    sha256: hashOfAll(file),
  }));
}

/**
 * Says in what a file differs from what was installed, or null when it is the same. A file that nobody touched costs a
 * look at its ends; only one whose time has changed, such as in a folder that was copied, is read as a whole, and then
 * gets the time that is on record. Throws what the file system says.
 */
export function differenceFrom(path: string, recorded: Fingerprint): string | null {
  const isTouched = withFile(path, (file, sizeBytes, modifiedMs) => {
    if (sizeBytes !== recorded.sizeBytes) return `has ${sizeBytes} bytes, not ${recorded.sizeBytes}`;
    if (hashOfEnds(file, sizeBytes) !== recorded.ends) return "has another content than when it was installed";
    if (modifiedMs === recorded.modifiedMs) return false;
    return hashOfAll(file) === recorded.sha256 ? true : "has another content than when it was installed";
  });
  if (typeof isTouched === "string") return isTouched;
  if (isTouched) restoreTime(path, recorded.modifiedMs);
  return null;
}

/** So that the next look is a short one; a cache that cannot be written stays as it is. */
function restoreTime(path: string, modifiedMs: number): void {
  try {
    utimesSync(path, new Date(), new Date(modifiedMs));
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

function withFile<Result>(path: string, look: (file: number, sizeBytes: number, modifiedMs: number) => Result): Result {
  return withRegularFile(path, (file, { size, mtimeMs }) => look(file, size, Math.round(mtimeMs)));
}

function hashOfEnds(file: number, sizeBytes: number): string {
  const hash = createHash("sha256");
  const block = new Uint8Array(endBytes);
  for (const from of [0, Math.max(0, sizeBytes - endBytes)]) {
    hash.update(block.subarray(0, readSync(file, block, 0, endBytes, from)));
  }
  return hash.digest("hex");
}

function hashOfAll(file: number): string {
  const hash = createHash("sha256");
  const block = new Uint8Array(4 * 1024 * 1024);
  for (let from = 0, count = -1; count !== 0; from += count) {
    count = readSync(file, block, 0, block.length, from);
    hash.update(block.subarray(0, count));
  }
  return hash.digest("hex");
}
