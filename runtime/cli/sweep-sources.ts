import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { printable, report } from "../../grammar/index.ts";
import { findVocabulary } from "../data/index.ts";
import { attempt, readText } from "../files/index.ts";
import {
  deriveEntries,
  entryFolder,
  readSweep,
  renderSweepProblem,
  type Sweep,
  type SweepEntry,
  specName,
  type WrongEntry,
} from "../sweep/index.ts";
import { adapterFile } from "./adapter-file.ts";
import { fail, failStorage, refuse, show } from "./fail.ts";
import { fileIdentity } from "./run-identity.ts";
import type { Terminal } from "./terminal.ts";

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
 * saying what is wrong.
 */
export function readSources(file: string, root: string, withMemory: boolean, terminal: Terminal): SweepSources | null {
  const text = textOf(file, terminal);
  if (text === null) return null;
  const read = readSweep(text);
  if (read.kind === "wrong") {
    for (const problem of read.problems) terminal.err(renderSweepProblem(printable(file), problem));
    return null;
  }
  const { sweep } = read;
  const fromFile = (path: string): string => (isAbsolute(path) ? path : join(dirname(file), path));
  const specPath = fromFile(sweep.spec);
  const specText = textOf(specPath, terminal);
  if (specText === null) return null;
  const { libraryFolder } = terminal;
  const derived = deriveEntries(sweep, { path: specPath, text: specText, libraryFolder }, withMemory, (name) =>
    join(entryFolder(root, name), specName),
  );
  if (derived.kind === "wrong") {
    for (const wrong of derived.wrong) showWrong(wrong, terminal);
    const count = derived.wrong.length;
    const of = sweep.entries.length;
    fail(`${count} of ${of} ${of === 1 ? "entry" : "entries"} cannot be trained; nothing was started`, null, terminal);
    return null;
  }
  const { entries } = derived;
  const folder = sweep.data === null ? null : fromFile(sweep.data);
  if (folder === null && entries.some(({ data }) => data.folder === null)) {
    fail(
      `${file} does not say what to train on`,
      "add `data: FOLDER`, or `folder` to the spec's `data` block",
      terminal,
    );
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

function textOf(path: string, terminal: Terminal): string | null {
  const file = readText(path);
  if (file.kind === "text") return file.text;
  refuse([file.kind === "missing" ? report("file-not-found", path, { path }) : file.problem(path)], terminal);
  return null;
}

function showWrong({ name, rule, help, diagnostics }: WrongEntry, terminal: Terminal): void {
  const of = name === null ? "" : `entry ${name}: `;
  if (rule !== null) fail(printable(`${of}${rule}`), help, terminal);
  else if (name !== null) terminal.err(`entry ${name}:\n`);
  show(diagnostics, terminal);
}

/** A hash of the files that a run starts from, with the names that they need not have. Null, after saying so, where one cannot be read. */
export function hashWeights(
  { sweep, weights, adapter, vocab }: SweepSources,
  data: string,
  terminal: Terminal,
): string | null {
  const files = [weights, adapter === null ? null : adapterFile(adapter), vocab ?? findVocabulary(data)];
  const hashes: string[] = [];
  for (const file of files) {
    const hashed = attempt(file ?? "", () => fileIdentity(file));
    if (hashed.kind === "failed") {
      failStorage(hashed.problem, terminal);
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
