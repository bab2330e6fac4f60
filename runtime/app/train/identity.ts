import { createHash } from "node:crypto";
import { readSync } from "node:fs";
import type { Dataset } from "../../data/index.ts";
import { withRegularFile } from "../../files/index.ts";
import type { RunIdentity } from "../../train/index.ts";
import { exampleRecord } from "../data/example-record.ts";

/** Bytes that are read and hashed at once. */
const bytesAtOnce = 16 * 1024 * 1024;

/** The SHA-256 of a file; `none` where no file is given. Throws what the file system says. */
export function fileIdentity(path: string | null): string {
  if (path === null) return "none";
  const hash = createHash("sha256");
  return withRegularFile(path, (file) => {
    const buffer = new Uint8Array(bytesAtOnce);
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer))
      hash.update(buffer.subarray(0, count));
    return hash.digest("hex");
  });
}

/**
 * The SHA-256 of what a data set says of each example and of the size of its volume. Voxels are not read for it: that would
 * take as long as an epoch.
 */
export function datasetIdentity(dataset: Dataset | null): string {
  if (dataset === null) return "none";
  const hash = createHash("sha256");
  for (const example of dataset.examples) hash.update(exampleRecord(example, null));
  return hash.digest("hex");
}

/** Hashes of several things as one part of a run's identity, a line each. */
export function identityOf(hashes: ReadonlyMap<string, string>): string {
  return [...hashes].map(([what, hash]) => `${what}: ${hash}`).join("\n");
}

/** What of a run's identity is not what it was, in words. */
export function describeDifference(field: keyof RunIdentity, saved: string, now: string): string {
  if (field !== "data" && field !== "weights") return `it was ${saved}, and is now ${now}`;
  const [before, after] = [saved.split("\n"), now.split("\n")];
  const others = [...after.filter((line) => !before.includes(line)), ...before.filter((line) => !after.includes(line))];
  return [...new Set(others.map((line) => `${line.slice(0, line.indexOf(":"))} changed`))].join(", ");
}
