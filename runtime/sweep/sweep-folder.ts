import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { readFileText, writeAtomically } from "../files/index.ts";
import { readOwnJson } from "../json/index.ts";
import { type SweepEntry, specName } from "./derive.ts";

/** What results of an entry belong to. Null is what could not be seen, such as data that only another machine has. */
export interface EntryIdentity {
  readonly spec: string;
  readonly data: string | null;
  readonly weights: string | null;
  readonly backend: string;
}

const identityFields = ["spec", "data", "weights", "backend"] as const;

/** The places of a sweep's folder; `root` may be where the folder is, or `.` for paths from it. */
export function entryFolder(root: string, name: string): string {
  return join(root, "runs", name);
}

export function runFolder(root: string, name: string, seed: number): string {
  return join(entryFolder(root, name), `seed-${seed}`);
}

export function runLog(root: string, name: string, seed: number): string {
  return `${runFolder(root, name, seed)}.log`;
}

/** A training writes its adapters when it is done, and its report last. */
export function isFinished(folder: string): boolean {
  return existsSync(join(folder, "adapter.safetensors")) && existsSync(join(folder, "report.html"));
}

/**
 * Writes an entry's spec with what it imports. Results of another identity are moved to `replaced/`, never mixed and never
 * removed; gives a line about that, or null. Throws what the file system says.
 */
export function placeEntry(root: string, { name, text, imports }: SweepEntry, identity: EntryIdentity): string | null {
  const folder = entryFolder(root, name);
  const path = join(folder, "identity.json");
  const before = readIdentity(path);
  const hasRuns = existsSync(folder) && readdirSync(folder).some((file) => file.startsWith("seed-"));
  const differing = before === null ? (hasRuns ? "identity" : null) : differingField(before, identity);
  let note: string | null = null;
  if (differing !== null && hasRuns) {
    const aside = freePath(join(root, "replaced"), name);
    mkdirSync(dirname(aside), { recursive: true });
    renameSync(folder, aside);
    note = `${folder} was trained with a different ${differing}; it was moved to ${aside} and is trained again`;
  }
  mkdirSync(folder, { recursive: true });
  // What was known before stays known where it cannot be seen now.
  const known = differing === null && before !== null ? merged(before, identity) : identity;
  writeChanged(path, `${JSON.stringify(known)}\n`);
  for (const [file, content] of [...imports, [specName, text] as const]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeChanged(join(folder, file), content);
  }
  return note;
}

/** What earlier versions did not write is as if it were not known. */
const unknown = v.fallback(v.nullable(v.string()), null);
const identity = v.object({ spec: v.string(), data: unknown, weights: unknown, backend: v.string() });

function readIdentity(path: string): EntryIdentity | null {
  return existsSync(path) ? readOwnJson(readFileText(path), identity) : null;
}

function differingField(before: EntryIdentity, now: EntryIdentity): string | null {
  return (
    identityFields.find((field) => before[field] !== null && now[field] !== null && before[field] !== now[field]) ??
    null
  );
}

function merged(before: EntryIdentity, now: EntryIdentity): EntryIdentity {
  return { ...now, data: now.data ?? before.data, weights: now.weights ?? before.weights };
}

function freePath(folder: string, name: string): string {
  for (let number = 1; ; number++) {
    const path = join(folder, `${name}-${number}`);
    if (!existsSync(path)) return path;
  }
}

/** Leaves a file alone that has the content already, so that its time says when it changed. */
export function writeChanged(path: string, content: string): void {
  if (existsSync(path) && readFileText(path) === content) return;
  writeAtomically(path, content);
}
