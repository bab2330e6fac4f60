import { mkdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Plan, TracedSpec } from "../../compiler/index.ts";
import type { DataProblem, Dataset } from "../data/index.ts";
import { type Evaluation, evaluationTable, evaluationToJson, scoresToCsv } from "../evaluate/index.ts";
import { attempt, makeTemporaryFolder, writeAtomically } from "../files/index.ts";
import { exitCodeOf, type SignalWatch, watchSignals } from "../machine/index.ts";
import { compilePath, type ReadSpec } from "../specs/index.ts";
import { environmentOf } from "./environment.ts";
import { fail, failFile, failStorage, failSystem, sayIsSkipped } from "./fail.ts";
import { findSpec } from "./find-spec.ts";
import { evaluateHeldOut } from "./held-out.ts";
import { type DataOptions, type OpenedData, openData, openSplit, sayIsUncached } from "./open-data.ts";
import { type EngineOptions, openEngine } from "./open-engine.ts";
import { Progress } from "./progress.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface EvalOptions extends Omit<DataOptions, "data">, EngineOptions {
  readonly data: string | null;
  /** Which volumes: those held out, those to train on, or all. */
  readonly split: "valid" | "train" | "all";
  /** A folder for scores, numbers and a report; null for none. */
  readonly output: string | null;
  /** Where first values come from that no file has; null for the spec's. */
  readonly seed: number | null;
  readonly version: string;
}

/** `medctc eval`: zero-shot classification of volumes by the prompts of the spec's classes. */
export async function evaluate(named: string | null, options: EvalOptions, terminal: Terminal): Promise<ExitCode> {
  const path = findSpec(named, "eval", terminal);
  if (path === null) return exitCodes.wrong;
  const compiled = compilePath(path, terminal.libraryFolder);
  const { plan } = compiled;
  if (!showDiagnostics(compiled, terminal) || compiled.spec === null || plan === null) return exitCodes.wrong;
  const seed = options.seed ?? compiled.spec.settings.seed;
  const spec = { ...compiled.spec, settings: { ...compiled.spec.settings, seed } };
  const folder = options.data ?? (spec.data.folder === null ? null : resolve(dirname(path), spec.data.folder));
  if (folder === null) {
    return fail("no evaluation data specified", "give --data DIR, or `folder` in the spec's `data` block", terminal);
  }
  const { image, text, classes } = spec.evaluation;
  if (image === null || text === null || classes.length === 0) {
    return fail("the `eval` block does not say what to evaluate", "it names `image`, `text` and `classes`", terminal);
  }
  const data = { ...options, data: folder };
  const startedAt = new Date();
  const dataset = await openSplit(spec, data, { reports: false, labels: classes, split: options.split }, terminal);
  const reading = dataset === null ? null : openData(spec, data, terminal);
  if (dataset === null || reading === null) return exitCodes.wrong;
  const temporary = makeTemporaryFolder("medctc-eval");
  const clean = (): void => rmSync(temporary, { recursive: true, force: true });
  const signals = watchSignals(clean);
  try {
    const request = { path, compiled: { ...compiled, plan, spec }, data, options, temporary, startedAt };
    return await evaluateOn(dataset, reading, request, signals, terminal);
  } catch (error) {
    return failSystem(error, temporary, terminal);
  } finally {
    signals.dispose();
    clean();
    sayIsUncached(reading, terminal);
    await reading.loader.dispose();
  }
}

/** What is evaluated, and how it was asked for. */
interface EvalRequest {
  readonly path: string;
  readonly compiled: ReadSpec & { readonly plan: Plan; readonly spec: TracedSpec };
  readonly data: DataOptions;
  readonly options: EvalOptions;
  /** For files that are needed while it runs. */
  readonly temporary: string;
  readonly startedAt: Date;
}

async function evaluateOn(
  dataset: Dataset,
  reading: OpenedData,
  request: EvalRequest,
  signals: SignalWatch,
  terminal: Terminal,
): Promise<ExitCode> {
  const { compiled, data, options, temporary } = request;
  const progress = new Progress(terminal);
  const engine = await openEngine(compiled, "encode", options, temporary, progress, terminal);
  if (engine === null) return exitCodes.wrong;
  const isStopped = (): boolean => signals.requested() !== null;
  const found = await evaluateHeldOut(engine, compiled.spec, dataset, reading, data, progress, isStopped);
  progress.end();
  const environment = environmentOf(engine, compiled.spec, { ...options, data: data.data });
  await engine.dispose();
  if (found.kind === "stopped") {
    terminal.err("stopped; nothing was written\n");
    return exitCodeOf(signals.requested() ?? "SIGINT");
  }
  if (found.kind === "wrong") {
    failFile(found.problem, terminal);
    return fail("the evaluation ended there", "--skip-bad skips such files", terminal);
  }
  for (const problem of found.skipped) sayIsSkipped(problem, terminal);
  terminal.out(evaluationTable(found.evaluation));
  if (options.output === null) return exitCodes.done;
  const { names, scores, classes } = found.scores;
  const skipped = [...dataset.problems, ...found.skipped];
  const files = new Map([
    ["scores.csv", scoresToCsv(names, classes, scores)],
    ["results.json", evaluationToJson(found.evaluation)],
    ["report.html", await renderEvaluation(request, found.evaluation, environment, skipped)],
  ]);
  return save(options.output, files, terminal);
}

async function renderEvaluation(
  { path, compiled: { plan, text }, startedAt }: EvalRequest,
  evaluation: Evaluation,
  environment: readonly (readonly [string, string])[],
  skipped: readonly DataProblem[],
): Promise<string> {
  const { renderReport } = await import("../report/index.ts");
  return renderReport({
    title: plan.model,
    command: null,
    startedAt: startedAt.toISOString(),
    elapsedMs: Date.now() - startedAt.getTime(),
    specPath: basename(path),
    specText: text,
    plan,
    curve: [],
    evaluations: [{ label: "evaluation", step: null, evaluation }],
    environment,
    skipped,
  });
}

function save(folder: string, files: ReadonlyMap<string, string>, terminal: Terminal): ExitCode {
  const saved = attempt(folder, () => {
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of files) writeAtomically(join(folder, name), content);
  });
  if (saved.kind === "failed") return failStorage(saved.problem, terminal);
  terminal.out(`\n${[...files.keys()].join(", ")} in ${folder}\n`);
  return exitCodes.done;
}
