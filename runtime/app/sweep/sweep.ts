import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, extname, join } from "node:path";
import { printBytes } from "../../../compiler/index.ts";
import { attempt, takeLock } from "../../files/index.ts";
import { availableBytes, cacheFolder, type SignalWatch, watchSignals } from "../../machine/index.ts";
import {
  CacheGate,
  coldVolumes,
  describeSchedule,
  encodeManifest,
  entryFolder,
  isFinished,
  type Job,
  type Manifest,
  manifestPath,
  placeEntry,
  runFolder,
  runJobs,
  runLog,
  type SweepEntry,
  specName,
  writeChanged,
} from "../../sweep/index.ts";
import type { JobSystem } from "../../train/index.ts";
import { cacheOf } from "../data/open.ts";
import { done, type Ended, problem, type Reporter, refuse, refused } from "../reporter.ts";
import { epochsAt } from "../step-times.ts";
import { labelOf, type SweepResults, writeResults } from "./collect.ts";
import { dataKey, openSweepData, type SweepData } from "./data.ts";
import { type WrittenJobs, writeJobs } from "./jobs.ts";
import { areThere, hashWeights, readSources, type SweepSources } from "./sources.ts";
import { reportTimes } from "./times.ts";

export interface SweepRequest {
  readonly file: string;
  /** Null for a folder named after the sweep file. */
  readonly output: string | null;
  /** Null for as many as fit. */
  readonly jobs: number | null;
  readonly backend: string;
  readonly cache: string | null;
  readonly cacheBytes: number;
  /** Writes jobs for a cluster instead of running anything. */
  readonly emitJobs: JobSystem | null;
  /** The file of the rates of a machine that runs the jobs; null for this machine. */
  readonly machine: string | null;
  /** The file of this program, which runs each training. */
  readonly programFile: string;
}

export type SweepOutcome =
  | { readonly kind: "jobs"; readonly root: string; readonly jobs: WrittenJobs }
  | { readonly kind: "results"; readonly results: SweepResults };

/** From a spec and what is changed of it to trainings, and to one table and page of what they came to. */
export async function sweep(request: SweepRequest, reporter: Reporter): Promise<Ended<SweepOutcome>> {
  const { file } = request;
  const root = request.output ?? join("runs", basename(file, extname(file)));
  const isHere = request.emitJobs === null;
  const isTimed = isHere || request.machine !== null;
  const epochsOf = isTimed ? epochsAt(request.machine, request.backend, reporter) : () => () => null;
  if (epochsOf === null) return refused;
  const sources = readSources(file, root, { memory: isHere && request.jobs === null, epochsOf }, reporter);
  if (sources === null) return refused;
  const locked = attempt(root, () => {
    mkdirSync(root, { recursive: true });
    return takeLock(join(root, "sweep.lock"));
  });
  if (locked.kind === "failed") return refuse(locked.problem, reporter);
  if (locked.value.kind === "held") {
    const { pid, host } = locked.value.holder;
    const message = `process ${pid} on ${host} is running a sweep in ${root}`;
    return refuse(problem(message, "wait for it, or choose another folder with -o"), reporter);
  }
  const signals = watchSignals();
  try {
    return await sweepInto(root, sources, signals, request, reporter);
  } finally {
    signals.dispose();
    locked.value.release();
  }
}

async function sweepInto(
  root: string,
  sources: SweepSources,
  signals: SignalWatch,
  request: SweepRequest,
  reporter: Reporter,
): Promise<Ended<SweepOutcome>> {
  const { entries, dataOf, sweep: read } = sources;
  // Jobs may be written where the data are not.
  const isHere = request.emitJobs === null || entries.every((entry) => areThere(sources, dataOf(entry)));
  const data = isHere
    ? await openSweepData(entries, dataOf, read.skipBad, cacheOf(request), reporter)
    : new Map<string, SweepData>();
  if (data === null) return refused;
  const weights = new Map<string, string>();
  for (const folder of isHere ? new Set(entries.map(dataOf)) : []) {
    const hash = hashWeights(sources, folder, reporter);
    if (hash === null) return refused;
    weights.set(folder, hash);
  }
  const manifest: Manifest = {
    title: request.file,
    entries: entries.map((entry) => ({ ...entry, seeds: read.seeds.length > 0 ? read.seeds : [entry.seed] })),
  };
  const placed = attempt(root, () => {
    for (const entry of entries) {
      const note = placeEntry(root, entry, {
        spec: entry.hash,
        data: data.get(dataKey(entry))?.hash ?? null,
        weights: weights.get(dataOf(entry)) ?? null,
        backend: request.backend,
      });
      if (note !== null) reporter.note(note);
    }
    writeChanged(manifestPath(root), encodeManifest(manifest));
  });
  if (placed.kind === "failed") return refuse(placed.problem, reporter);
  if (request.emitJobs !== null) {
    if (request.machine !== null) {
      reportTimes(
        entries,
        data,
        ({ name }) => manifest.entries.find((each) => each.name === name)?.seeds.length ?? 0,
        request,
        reporter,
      );
    }
    const jobs = writeJobs(request.emitJobs, root, manifest, sources, request.backend, reporter);
    return jobs.kind === "done" ? done({ kind: "jobs", root, jobs: jobs.value }) : jobs;
  }
  const failed = await runEntries(root, manifest, sources, data, signals, request, reporter);
  const signal = signals.requested();
  if (signal !== null) {
    reporter.info("stopped; finished work is saved, and the same command resumes");
    return { kind: "stopped", signal };
  }
  const compiled = new Map(entries.map((entry) => [entry.name, entry]));
  const results = await writeResults(root, manifest, compiled, failed, reporter);
  return results.kind === "done" ? done({ kind: "results", results: results.value }) : results;
}

/** Runs what is not done yet; gives the labels of what failed. */
async function runEntries(
  root: string,
  manifest: Manifest,
  sources: SweepSources,
  data: ReadonlyMap<string, SweepData>,
  signals: SignalWatch,
  request: SweepRequest,
  reporter: Reporter,
): Promise<ReadonlySet<string>> {
  const { entries } = sources;
  const seedsOf = new Map(manifest.entries.map(({ name, seeds }) => [name, seeds]));
  const all = entries.flatMap((entry) =>
    (seedsOf.get(entry.name) ?? []).map((seed) => jobOf(root, entry, seed, sources, request)),
  );
  const jobs = all.filter(({ folder }) => !isFinished(folder));
  const before = all.length - jobs.length;
  if (before > 0) reporter.info(`${before} of ${all.length} runs are already done`);
  if (jobs.length === 0) return new Set();
  const atOnce = Math.min(request.jobs ?? jobsThatFit(entries, reporter), jobs.length);
  reportTimes(
    entries,
    data,
    ({ name }) => (seedsOf.get(name) ?? []).filter((seed) => !isFinished(runFolder(root, name, seed))).length,
    request,
    reporter,
  );
  const cache = { folder: request.cache ?? join(cacheFolder(), "volumes"), bytes: request.cacheBytes };
  const gate = new CacheGate(
    new Map([...data].map(([key, { examples, inputs }]) => [key, coldVolumes(examples, inputs, cache)])),
  );
  let said = "";
  const outcomes = await runJobs({
    jobs,
    atOnce,
    program: request.programFile,
    isFinished: ({ folder }) => isFinished(folder),
    mayShare: (group) => gate.isOpen(group),
    stopRequested: signals.requested,
    tell: (now) => {
      const text = describeSchedule(now);
      if (text !== said) reporter.progress(text);
      said = text;
    },
  });
  reporter.progressEnd();
  const failed = [...outcomes].flatMap(([{ label }, outcome]) =>
    outcome.kind === "failed" ? [{ label, why: outcome.why }] : [],
  );
  for (const { label, why } of failed) reporter.problem({ subject: label, message: why, help: null });
  return new Set(failed.map(({ label }) => label));
}

function jobOf(
  root: string,
  entry: SweepEntry,
  seed: number,
  { sweep: { allowMissing, skipBad }, dataOf, weights, adapter, vocab }: SweepSources,
  { backend, cache, cacheBytes }: SweepRequest,
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
function jobsThatFit(entries: readonly SweepEntry[], reporter: Reporter): number {
  const peak = Math.max(0, ...entries.map(({ peakBytes }) => peakBytes ?? 0));
  const available = availableBytes();
  const fit = peak === 0 ? 1 : Math.floor(available / peak);
  const jobs = Math.max(1, Math.min(availableParallelism(), fit));
  const each = peak === 0 ? "" : `; expected peak of each ${printBytes(peak)}, of ${printBytes(available)} available`;
  reporter.info(`${jobs} at a time${each}`);
  return jobs;
}
