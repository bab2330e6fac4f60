import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { readFileBytes, writeAtomically } from "../files/index.ts";

/** Bytes of features that are kept; the least recently used go first. */
const keptBytes = 4 * 2 ** 30;

const hashBytes = 32;
const entryName = /^[0-9a-f]{64}\.features$/;

/** The features of a key, `count` numbers; null when there are none, and when they are damaged. */
export function readFeatures(folder: string, key: string, count: number): Float32Array | null {
  const path = join(folder, `${key}.features`);
  try {
    const bytes = readFileBytes(path, keptBytes);
    const content = bytes.subarray(hashBytes);
    const hash = createHash("sha256").update(content).digest();
    if (content.length !== 4 * count || !hash.equals(bytes.subarray(0, hashBytes))) {
      rmSync(path, { force: true });
      return null;
    }
    utimesSync(path, new Date(), new Date());
    return new Float32Array(content.buffer, content.byteOffset, count);
  } catch {
    // They are computed again; why they cannot be read is of no interest to who trains.
    return null;
  }
}

/** Keeps the features of a key, and removes least recently used ones. False when the file system refuses. */
export function writeFeatures(folder: string, key: string, features: Float32Array): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    const content = new Uint8Array(features.buffer, features.byteOffset, features.byteLength);
    writeAtomically(join(folder, `${key}.features`), [createHash("sha256").update(content).digest(), content]);
    makeRoom(folder);
    return true;
  } catch {
    return false;
  }
}

function makeRoom(folder: string): void {
  const entries = readdirSync(folder)
    .filter((name) => entryName.test(name))
    .flatMap((name) => {
      const stat = statSync(join(folder, name), { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ name, size: stat.size, usedMs: stat.mtimeMs }];
    })
    .toSorted((a, b) => b.usedMs - a.usedMs);
  let total = 0;
  for (const { name, size } of entries) {
    total += size;
    if (total > keptBytes) rmSync(join(folder, name), { force: true });
  }
}
