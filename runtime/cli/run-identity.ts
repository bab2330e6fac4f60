import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { Dataset } from "../data/index.ts";

/** Bytes that are read and hashed at once. */
const bytesAtOnce = 16 * 1024 * 1024;

/** The SHA-256 of a file; `none` where no file is given. Throws what the file system says. */
export function fileIdentity(path: string | null): string {
  if (path === null) return "none";
  const hash = createHash("sha256");
  const file = openSync(path, "r");
  try {
    const buffer = new Uint8Array(bytesAtOnce);
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer))
      hash.update(buffer.subarray(0, count));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

/**
 * The SHA-256 of what a data set says of each example and of the size of its volume. Voxels are not read for it: that would
 * take as long as an epoch.
 */
export function datasetIdentity({ examples }: Dataset): string {
  const hash = createHash("sha256");
  for (const { name, file, metadata, report } of examples) {
    const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    hash.update(`${JSON.stringify([name, bytes, metadata, report])}\n`);
  }
  return hash.digest("hex");
}
