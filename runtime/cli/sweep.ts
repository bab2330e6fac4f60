import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, extname, join } from "node:path";
import { printBytes } from "../../compiler/index.ts";
import { attempt, takeLock } from "../files/index.ts";
import { availableBytes, cacheFolder, exitCodeOf, type SignalWatch, watchSignals } from "../machine/index.ts";
import {
  CacheGate,
  coldVolumes,
  describeSchedule,
  encodeManifest,
  entryFolder,
  isFinished,
  type Job,
  type JobSystem,
  type Manifest,
  manifestPath,
  placeEntry,
  runFolder,
  runJobs,
  runLog,
  type SweepEntry,
  specName,
  writeChanged,
} from "../sweep/index.ts";
import { fail, failStorage } from "./fail.ts";
import { Progress } from "./progress.ts";
import { labelOf, writeResults } from "./sweep-collect.ts";
import { dataKey, openSweepData, type SweepData } from "./sweep-data.ts";
import { writeJobs } from "./sweep-emit.ts";
import { areThere, hashWeights, readSources, type SweepSources } from "./sweep-sources.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface SweepOptions {
  /** Null for a folder named after the sweep file. */
  readonly output: string | null;
  /** Null for as many as fit. */
  readonly jobs: number | null;
  readonly backend: string;
  readonly cache: string | null;
  readonly cacheBytes: number;
  readonly json: boolean;
  readonly emitJobs: JobSystem | null;
}

/** `medctc sweep`: from a spec and what is changed of it to trainings, and to one table and page of what they came to. */
export async function sweep(file: string, options: SweepOptions, terminal: Terminal): Promise<ExitCode> {
  const root = options.output ?? join("runs", basename(file, extname(file)));
  const sources = readSources(file, root, options.emitJobs === null && options.jobs === null, terminal);
  if (sources === null) return exitCodes.wrong;
  const locked = attempt(root, () => {
    mkdirSync(root, { recursive: true });
    return takeLock(join(root, "sweep.lock"));
  });
  if (locked.kind === "failed") return failStorage(locked.problem, terminal);
  if (locked.value.kind === "held") {
    const { pid, host } = locked.value.holder;
    return fail(`process ${pid} on ${host} has a sweep in ${root}`, "wait for it, or name another folder", terminal);
  }
  const signals = watchSignals();
  try {
    return await sweepInto(root, file, sources, signals, options, terminal);
  } finally {
    signals.dispose();
    locked.value.release();
  }
}

async function sweepInto(
  root: string,
  file: string,
  sources: SweepSources,
  signals: SignalWatch,
  options: SweepOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { entries, dataOf, sweep: read } = sources;
  // Jobs may be written where the data are not.
  const isHere = options.emitJobs === null || entries.every((entry) => areThere(sources, dataOf(entry)));
  const data = isHere ? await openSweepData(entries, dataOf, read.skipBad, terminal) : new Map<string, SweepData>();
  if (data === null) return exitCodes.wrong;
  const weights = new Map<string, string>();
  for (const folder of isHere ? new Set(entries.map(dataOf)) : []) {
    const hash = hashWeights(sources, folder, terminal);
    if (hash === null) return exitCodes.wrong;
    weights.set(folder, hash);
  }
  const manifest: Manifest = {
    title: file,
    entries: entries.map((entry) => ({ ...entry, seeds: read.seeds.length > 0 ? read.seeds : [entry.seed] })),
  };
  const placed = attempt(root, () => {
    for (const entry of entries) {
      const note = placeEntry(root, entry, {
        spec: entry.hash,
        data: data.get(dataKey(entry))?.hash ?? null,
        weights: weights.get(dataOf(entry)) ?? null,
        backend: options.backend,
      });
      if (note !== null) terminal.err(`note: ${note}\n`);
    }
    writeChanged(manifestPath(root), encodeManifest(manifest));
  });
  if (placed.kind === "failed") return failStorage(placed.problem, terminal);
  if (options.emitJobs !== null) {
    return writeJobs(options.emitJobs, root, manifest, sources, options.backend, terminal);
  }
  const failed = await runEntries(root, manifest, sources, data, signals, options, terminal);
  const signal = signals.requested();
  if (signal !== null) {
    terminal.err("stopped; finished work is saved, and the same command resumes\n");
    return exitCodeOf(signal);
  }
  const plans = new Map(entries.map(({ name, plan }) => [name, plan]));
  const runs = await writeResults(root, manifest, plans, failed, options.json, terminal);
  return runs?.every(({ status }) => status === "done") === true ? exitCodes.done : exitCodes.wrong;
}

/** Runs what is not done yet; gives the labels of what failed. */
async function runEntries(
  root: string,
  manifest: Manifest,
  sources: SweepSources,
  data: ReadonlyMap<string, SweepData>,
  signals: SignalWatch,
  options: SweepOptions,
  terminal: Terminal,
): Promise<ReadonlySet<string>> {
  const { entries } = sources;
  const seedsOf = new Map(manifest.entries.map(({ name, seeds }) => [name, seeds]));
  const all = entries.flatMap((entry) =>
    (seedsOf.get(entry.name) ?? []).map((seed) => jobOf(root, entry, seed, sources, options)),
  );
  const jobs = all.filter(({ folder }) => !isFinished(folder));
  const before = all.length - jobs.length;
  if (before > 0) terminal.err(`${before} of ${all.length} runs are done before\n`);
  if (jobs.length === 0) return new Set();
  const atOnce = Math.min(options.jobs ?? jobsThatFit(entries, terminal), jobs.length);
  const cache = { folder: options.cache ?? join(cacheFolder(), "volumes"), bytes: options.cacheBytes };
  const gate = new CacheGate(
    new Map([...data].map(([key, { examples, settings }]) => [key, coldVolumes(examples, settings, cache)])),
  );
  const progress = new Progress(terminal);
  let said = "";
  const outcomes = await runJobs({
    jobs,
    atOnce,
    program: terminal.programFile,
    isFinished: ({ folder }) => isFinished(folder),
    mayShare: (group) => gate.isOpen(group),
    stopRequested: signals.requested,
    tell: (now) => {
      const text = describeSchedule(now);
      if (text !== said) progress.say(text);
      said = text;
    },
  });
  progress.end();
  const failed = [...outcomes].flatMap(([{ label }, outcome]) =>
    outcome.kind === "failed" ? [{ label, why: outcome.why }] : [],
  );
  for (const { label, why } of failed) fail(`${label}: ${why}`, null, terminal);
  return new Set(failed.map(({ label }) => label));
}

function jobOf(
  root: string,
  entry: SweepEntry,
  seed: number,
  { sweep: { allowMissing, skipBad }, dataOf, weights, adapter, vocab }: SweepSources,
  { backend, cache, cacheBytes }: SweepOptions,
): Job {
  const folder = runFolder(root, entry.name, seed);
  const given = (option: string, value: string | null): readonly string[] => (value === null ? [] : [option, value]);
  return {
    label: labelOf(entry, seed),
    folder,
    log: runLog(root, entry.name, seed),
    group: dataKey(entry),
    words: [
      ...["train", join(entryFolder(root, entry.name), specName), "--data", dataOf(entry)],
      ...given("--weights", weights),
      ...given("--adapter", adapter),
      ...given("--vocab", vocab),
      ...(allowMissing.length === 0 ? [] : ["--allow-missing", ...allowMissing]),
      ...(skipBad ? ["--skip-bad"] : []),
      ...given("--cache", cache),
      ...["--cache-size", cacheBytes === 0 ? "0" : `${cacheBytes / 1e6}MB`, "--backend", backend],
      ...["-o", folder, "--seed", String(seed), "--resume"],
    ],
  };
}

/** As many as there are processors and as fit into memory, by what the largest is expected to take. */
function jobsThatFit(entries: readonly SweepEntry[], terminal: Terminal): number {
  const peak = Math.max(0, ...entries.map(({ peakBytes }) => peakBytes ?? 0));
  const available = availableBytes();
  const fit = peak === 0 ? 1 : Math.floor(available / peak);
  const jobs = Math.max(1, Math.min(availableParallelism(), fit));
  const each = peak === 0 ? "" : `; expected peak of each ${printBytes(peak)}, of ${printBytes(available)} available`;
  terminal.err(`${jobs} at a time${each}\n`);
  return jobs;
}
