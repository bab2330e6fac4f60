import { createHash } from "node:crypto";
import { readSync } from "node:fs";
import type { Dataset } from "../../data/index.ts";
import { withRegularFile } from "../../files/index.ts";
import type { RunIdentity } from "../../train/index.ts";
import { exampleRecord } from "../data/example-record.ts";
import type { WeightChoices } from "../weights/open.ts";

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
  const [before, after] = [linesOf(saved), linesOf(now)];
  const differing = [...new Set([...after.keys(), ...before.keys()])].filter(
    (what) => before.get(what) !== after.get(what),
  );
  const given = (value: string | undefined): string => (value === undefined ? "not given" : value);
  return differing
    .map((what) =>
      what.startsWith("--")
        ? `${what} was ${given(before.get(what))}, and is now ${given(after.get(what))}`
        : `${what} changed`,
    )
    .join(", ");
}

/** What somebody says of the files of weights, as a part of a run's identity; nothing of what is not said. */
export function choicesIdentity({ copy, alpha, adapterName }: WeightChoices): readonly (readonly [string, string])[] {
  return [
    ...(copy === null ? [] : [["--weights-copy", JSON.stringify(copy)] as const]),
    ...(alpha === null ? [] : [["--adapter-alpha", String(alpha)] as const]),
    ...(adapterName === null ? [] : [["--adapter-name", JSON.stringify(adapterName)] as const]),
  ];
}

function linesOf(part: string): ReadonlyMap<string, string> {
  return new Map(
    part.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
  );
}
