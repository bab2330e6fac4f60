import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { Plan } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import { printInterval, printMetric } from "../evaluate/index.ts";
import { attempt, readFileText, writeAtomically } from "../files/index.ts";
import { compilePath } from "../specs/index.ts";
import {
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
} from "../sweep/index.ts";
import { printCount, printShare, renderTable } from "../text/index.ts";
import { fail, failStorage } from "./fail.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** Lines of a log that say how it ended. */
const shownLines = 12;

/** `medctc sweep collect`: the results of a folder as a table and a page, and what is missing. */
export async function sweepCollect(
  root: string,
  { json }: { readonly json: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const manifest = readManifest(root);
  if (manifest === null) {
    const problem = `${root} is not a sweep's folder: ${manifestPath(root)} is not there, or is not what was written`;
    return fail(problem, "name the folder that `medctc sweep -o` wrote", terminal);
  }
  const plans = new Map<string, Plan>();
  for (const { name } of manifest.entries) {
    const compiled = compilePath(join(entryFolder(root, name), specName), terminal.libraryFolder);
    if (!showDiagnostics(compiled, terminal) || compiled.plan === null) return exitCodes.wrong;
    plans.set(name, compiled.plan);
  }
  const written = await writeResults(root, manifest, plans, new Set(), json, terminal);
  if (written === null) return exitCodes.wrong;
  return written.every(({ status }) => status === "done") ? exitCodes.done : exitCodes.wrong;
}

/** Names a run among those of a sweep. */
export function labelOf(entry: Pick<ManifestEntry, "name">, seed: number): string {
  return `${entry.name}, seed ${seed}`;
}

/**
 * Writes what all runs came to, shows it, and lists those that are not done; `failed` has labels of runs that ended so just
 * now. Null after saying what could not be written.
 */
export async function writeResults(
  root: string,
  manifest: Manifest,
  plans: ReadonlyMap<string, Plan>,
  failed: ReadonlySet<string>,
  json: boolean,
  terminal: Terminal,
): Promise<readonly RunResult[] | null> {
  const runs = manifest.entries.flatMap((entry) => {
    const plan = plans.get(entry.name);
    if (plan === undefined) return [];
    return entry.seeds.map((seed) => readRun(root, entry, plan, seed, failed.has(labelOf(entry, seed))));
  });
  const rows = resultRows(runs);
  const undone = runs
    .filter(({ status }) => status !== "done")
    .map((run) => ({ run, logEnd: endOfLog(runLog(root, run.entry.name, run.seed)) }));
  const page = await renderSweep(`Sweep ${basename(manifest.title)}`, runs, undone);
  const files = [
    ["results.csv", rowsToCsv(rows)],
    ["results.json", rowsToJson(rows)],
    ["times.csv", timesToCsv(runs)],
    ["index.html", page],
  ] as const;
  for (const [name, content] of files) {
    const path = join(root, name);
    const saved = attempt(path, () => writeAtomically(path, content));
    if (saved.kind === "failed") {
      failStorage(saved.problem, terminal);
      return null;
    }
  }
  if (json) terminal.json(rowsToJson(rows));
  else terminal.out(`${tableOf(runs)}\n`);
  for (const { run, logEnd } of undone) {
    terminal.err(`${run.status}: ${labelOf(run.entry, run.seed)}\n${logEnd.replace(/^(?=.)/gm, "  | ")}`);
  }
  const done = runs.length - undone.length;
  const said = `${done} of ${runs.length} runs done\n  table  ${join(root, "results.csv")}\n  page   ${join(root, "index.html")}\n`;
  if (json) terminal.err(said);
  else terminal.out(said);
  return runs;
}

/** The last lines of a log, without what would move a terminal's cursor; nothing where there is none. */
function endOfLog(path: string): string {
  if (!existsSync(path)) return "";
  const lines = readFileText(path).trimEnd().split("\n").slice(-shownLines);
  return lines.map((line) => `${printable(line)}\n`).join("");
}

function tableOf(runs: readonly RunResult[]): string {
  const rows = runs.map(({ entry, plan, seed, status, evaluation }) => {
    const overall = evaluation?.overall;
    const { trainable, total } = plan.totals;
    return [
      entry.name,
      String(seed),
      printCount(trainable),
      printShare(trainable, total),
      ...(overall === undefined
        ? ["", "", "", ""]
        : [
            printMetric(overall.meanAuroc),
            printInterval(overall.meanAuroc),
            printMetric(overall.accuracy),
            printMetric(overall.macroF1),
          ]),
      status,
    ];
  });
  return renderTable(
    [["entry", "seed", "trainable", "share", "mean AUROC", "95 %", "accuracy", "macro F1", ""], ...rows],
    ["left", "right", "right", "right", "right", "left", "right", "right", "left"],
  );
}
