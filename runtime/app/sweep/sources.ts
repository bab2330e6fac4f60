import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { findVocabulary } from "../../data/index.ts";
import { attempt, readText, whyUnread } from "../../files/index.ts";
import {
  deriveEntries,
  type Expected,
  entryFolder,
  inFile,
  readSweep,
  type Sweep,
  type SweepEntry,
  specName,
  type WrongEntry,
} from "../../sweep/index.ts";
import { problem, type Reporter } from "../reporter.ts";
import { fileIdentity } from "../train/identity.ts";
import { adapterFile } from "../weights/adapter-file.ts";

/** A sweep whose specs all compile. Paths are from the working folder. */
export interface SweepSources {
  readonly sweep: Sweep;
  readonly entries: readonly SweepEntry[];
  readonly weights: string | null;
  readonly adapter: string | null;
  readonly vocab: string | null;
  /** Where an entry's data set is. */
  readonly dataOf: (entry: SweepEntry) => string;
}

/**
 * Reads a sweep file and the spec that it names, and compiles what all entries come to, before anything is written. Null after
 * reporting what is wrong.
 */
export function readSources(file: string, root: string, expected: Expected, reporter: Reporter): SweepSources | null {
  const text = textOf(file, reporter);
  if (text === null) return null;
  const read = readSweep(text);
  if (read.kind === "failed") {
    for (const each of read.problem) reporter.problem(inFile(file, each));
    return null;
  }
  const sweep = read.value;
  const fromFile = (path: string): string => (isAbsolute(path) ? path : join(dirname(file), path));
  const specPath = fromFile(sweep.spec);
  const specText = textOf(specPath, reporter);
  if (specText === null) return null;
  const derived = deriveEntries(sweep, { path: specPath, text: specText }, expected, (name) =>
    join(entryFolder(root, name), specName),
  );
  if (derived.kind === "wrong") {
    for (const wrong of derived.wrong) reportWrong(wrong, reporter);
    const count = derived.wrong.length;
    const of = sweep.entries.length;
    const entries = of === 1 ? "entry" : "entries";
    reporter.problem(problem(`${count} of ${of} ${entries} cannot be trained; nothing was started`, null));
    return null;
  }
  const { entries } = derived;
  const folder = sweep.data === null ? null : fromFile(sweep.data);
  if (folder === null && entries.some(({ data }) => data.folder === null)) {
    const help = "add `data: FOLDER`, or `folder` to the spec's `data` block";
    reporter.problem(problem(`${file}: no training data specified`, help));
    return null;
  }
  return {
    sweep,
    entries,
    weights: sweep.weights === null ? null : fromFile(sweep.weights),
    adapter: sweep.adapter === null ? null : fromFile(sweep.adapter),
    vocab: sweep.vocab === null ? null : fromFile(sweep.vocab),
    dataOf: ({ data }) => folder ?? resolve(dirname(specPath), data.folder ?? ""),
  };
}

function textOf(path: string, reporter: Reporter): string | null {
  const file = readText(path);
  if (file.kind === "text") return file.text;
  reporter.diagnostics([whyUnread(file, path)]);
  return null;
}

function reportWrong({ name, problem: found, diagnostics }: WrongEntry, reporter: Reporter): void {
  const entry = name === null ? "" : `entry ${name}`;
  if (found !== null) reporter.problem({ ...found, subject: entry });
  else if (name !== null) reporter.info(`${entry}:`);
  reporter.diagnostics(diagnostics);
}

/**
 * A hash of the files that a run starts from, with the names that they need not have. Null, after reporting why, where one cannot
 * be read.
 */
export function hashWeights(
  { sweep, weights, adapter, vocab }: SweepSources,
  data: string,
  reporter: Reporter,
): string | null {
  const files = [weights, adapter === null ? null : adapterFile(adapter), vocab ?? findVocabulary(data)];
  const hashes: string[] = [];
  for (const file of files) {
    const hashed = attempt(file ?? "", () => fileIdentity(file));
    if (hashed.kind === "failed") {
      reporter.problem(hashed.problem);
      return null;
    }
    hashes.push(hashed.value);
  }
  return createHash("sha256")
    .update(JSON.stringify([hashes, sweep.allowMissing]))
    .digest("hex");
}

/** Whether all files that a run reads are on this machine. */
export function areThere({ weights, adapter, vocab }: SweepSources, data: string): boolean {
  return [data, weights, adapter === null ? null : adapterFile(adapter), vocab].every(
    (path) => path === null || existsSync(path),
  );
}
