import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { bestBy, bestByLoss } from "../../../compiler/index.ts";
import { printable } from "../../../grammar/index.ts";
import { attempt, readFileText, writeAtomically } from "../../files/index.ts";
import {
  type CompiledEntry,
  entryFolder,
  type Manifest,
  type ManifestEntry,
  manifestPath,
  type RunResult,
  readManifest,
  readRun,
  renderSweep,
  resultRows,
  rowsToCsv,
  rowsToJson,
  runLog,
  specName,
  timesToCsv,
} from "../../sweep/index.ts";
import { compileReported } from "../compiled-spec.ts";
import { done, type Ended, problem, type Reporter, refuse, refused } from "../reporter.ts";

/** Lines of a log that say how it ended. */
const shownLines = 12;

/** What all runs of a sweep came to, and the files that say so. */
export interface SweepResults {
  readonly runs: readonly RunResult[];
  /** Those that are not done, with the last lines of their logs. */
  readonly undone: readonly { readonly run: RunResult; readonly logEnd: string }[];
  readonly json: string;
  readonly tablePath: string;
  readonly pagePath: string;
}

/** Gathers the results of a folder as a table and a page, wherever its runs ran. */
export async function collectSweep(root: string, reporter: Reporter): Promise<Ended<SweepResults>> {
  const manifest = readManifest(root);
  if (manifest === null) {
    const message = `${root} is not a sweep's folder: ${manifestPath(root)} is missing or was changed`;
    return refuse(problem(message, "name the folder that `medctc sweep -o` wrote"), reporter);
  }
  const compiledEntries = new Map<string, CompiledEntry>();
  for (const { name } of manifest.entries) {
    const compiled = compileReported({ spec: join(entryFolder(root, name), specName), set: [] }, reporter);
    if (compiled === null) return refused;
    const { plan, spec } = compiled;
    compiledEntries.set(name, { plan, bestBy: bestBy(spec.settings.keepBest, spec) ?? bestByLoss });
  }
  return writeResults(root, manifest, compiledEntries, new Set(), reporter);
}

/** Names a run among those of a sweep. */
export function labelOf(entry: Pick<ManifestEntry, "name">, seed: number): string {
  return `${entry.name}, seed ${seed}`;
}

/** Writes what all runs came to; `failed` has labels of runs that failed just now. */
export async function writeResults(
  root: string,
  manifest: Manifest,
  compiledEntries: ReadonlyMap<string, CompiledEntry>,
  failed: ReadonlySet<string>,
  reporter: Reporter,
): Promise<Ended<SweepResults>> {
  const runs = manifest.entries.flatMap((entry) => {
    const compiled = compiledEntries.get(entry.name);
    if (compiled === undefined) return [];
    return entry.seeds.map((seed) => readRun(root, entry, compiled, seed, failed.has(labelOf(entry, seed))));
  });
  const rows = resultRows(runs);
  const json = rowsToJson(rows);
  const undone = runs
    .filter(({ status }) => status !== "done")
    .map((run) => ({ run, logEnd: endOfLog(runLog(root, run.entry.name, run.seed)) }));
  const page = await renderSweep(`Sweep ${basename(manifest.title)}`, runs, undone);
  const [tablePath, pagePath] = [join(root, "results.csv"), join(root, "index.html")];
  const files = [
    [tablePath, rowsToCsv(rows)],
    [join(root, "results.json"), json],
    [join(root, "times.csv"), timesToCsv(runs)],
    [pagePath, page],
  ] as const;
  for (const [path, content] of files) {
    const saved = attempt(path, () => writeAtomically(path, content));
    if (saved.kind === "failed") return refuse(saved.problem, reporter);
  }
  return done({ runs, undone, json, tablePath, pagePath });
}

/** The last lines of a log, without what would move a terminal's cursor; nothing where there is none. */
function endOfLog(path: string): string {
  if (!existsSync(path)) return "";
  const lines = readFileText(path).trimEnd().split("\n").slice(-shownLines);
  return lines.map((line) => `${printable(line)}\n`).join("");
}
