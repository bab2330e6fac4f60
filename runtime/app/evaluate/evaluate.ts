import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Dataset, LabelledExample } from "../../data/index.ts";
import { type Evaluation, evaluationToJson, scoresToCsv } from "../../evaluate/index.ts";
import { attempt, makeTemporaryFolder, writeAtomically } from "../../files/index.ts";
import { problemOf, type SignalWatch, watchSignals } from "../../machine/index.ts";
import { ok, type Problem, type Result } from "../../text/index.ts";
import { type CompiledSpec, compileReported } from "../compiled-spec.ts";
import {
  type DataOptions,
  dataFolderOf,
  dataInputsOf,
  type OpenedData,
  openData,
  openSplit,
  reportSkipped,
  reportUncached,
} from "../data/open.ts";
import { environmentOf } from "../engine/environment.ts";
import { type EngineOptions, openEngine } from "../engine/open.ts";
import { findSpec } from "../find-spec.ts";
import { done, type Ended, problem, type Reporter, refuse, refused } from "../reporter.ts";
import { evaluateHeldOut } from "./held-out.ts";

export interface EvaluateRequest extends Omit<DataOptions, "data">, EngineOptions {
  /** The path of a spec; null for the only one of the working folder. */
  readonly spec: string | null;
  readonly data: string | null;
  /** Which volumes: those held out, those to train on, or all. */
  readonly split: "valid" | "train" | "all";
  /** A folder for scores, numbers and a report; null for none. */
  readonly output: string | null;
  /** Where first values come from that no file has; null for the spec's. */
  readonly seed: number | null;
}

/** What an evaluation came to; the names of the files that it was written into, unless they could not be written. */
export interface Evaluated {
  readonly evaluation: Evaluation;
  readonly files: Result<readonly string[]>;
}

/** Zero-shot classification of volumes by the prompts of the spec's classes. */
export async function evaluate(request: EvaluateRequest, reporter: Reporter): Promise<Ended<Evaluated>> {
  const path = findSpec(request.spec, "eval", reporter);
  if (path === null) return refused;
  const compiled = compileReported(path, reporter);
  if (compiled === null) return refused;
  const seed = request.seed ?? compiled.spec.settings.seed;
  const spec = { ...compiled.spec, settings: { ...compiled.spec.settings, seed } };
  const folder = dataFolderOf(request.data, path, spec);
  if (folder === null) {
    const help = "add --data DIR, or `folder` to the spec's `data` block";
    return refuse(problem("no evaluation data specified", help), reporter);
  }
  const { image, text, classes } = spec.evaluation;
  if (image === null || text === null || classes.length === 0) {
    const help = "set `image`, `text` and `classes` in it";
    return refuse(problem("the `eval` block is incomplete", help), reporter);
  }
  const data = { ...request, data: folder };
  const startedAt = new Date();
  const inputs = dataInputsOf(spec, reporter);
  if (inputs === null) return refused;
  const needs = { files: inputs.needs.files, texts: [], labels: classes, split: request.split };
  const dataset = await openSplit(spec, data, needs, reporter);
  const reading = dataset === null ? null : openData(spec, inputs, data, reporter);
  if (dataset === null || reading === null) return refused;
  const temporary = makeTemporaryFolder("medctc-eval");
  const clean = (): void => rmSync(temporary, { recursive: true, force: true });
  const signals = watchSignals(clean);
  try {
    const task = { path, compiled: { ...compiled, spec }, data, request, temporary, startedAt };
    return await evaluateOn(dataset, reading, task, signals, reporter);
  } catch (error) {
    return refuse(problemOf(error, temporary), reporter);
  } finally {
    signals.dispose();
    clean();
    reportUncached(reading, reporter);
    await reading.loader.dispose();
  }
}

/** A request whose spec compiles, with what was left open in it. */
interface EvaluateTask {
  readonly path: string;
  readonly compiled: CompiledSpec;
  readonly data: DataOptions;
  readonly request: EvaluateRequest;
  /** For files that are needed while it runs. */
  readonly temporary: string;
  readonly startedAt: Date;
}

async function evaluateOn(
  dataset: Dataset<LabelledExample>,
  reading: OpenedData,
  task: EvaluateTask,
  signals: SignalWatch,
  reporter: Reporter,
): Promise<Ended<Evaluated>> {
  const { compiled, data, request, temporary } = task;
  const engine = await openEngine(compiled, "encode", request, temporary, reporter);
  if (engine === null) return refused;
  const isStopped = (): boolean => signals.requested() !== null;
  const { spec } = compiled;
  const found = await evaluateHeldOut({ engine, spec, dataset, reading, skipBad: data.skipBad, isStopped }, reporter);
  reporter.progressEnd();
  const environment = environmentOf(engine, spec, { ...request, data: data.data });
  await engine.dispose();
  if (found.kind === "stopped") {
    reporter.info("stopped; nothing was written");
    return { kind: "stopped", signal: signals.requested() ?? "SIGINT" };
  }
  if (found.kind === "wrong") {
    reporter.problem(found.problem);
    return refuse(problem("the evaluation stopped at this file", "add --skip-bad to skip such files"), reporter);
  }
  for (const each of found.skipped) reportSkipped(each, reporter);
  const { evaluation } = found;
  if (request.output === null) return done({ evaluation, files: ok([]) });
  const { names, scores, classes } = found.scores;
  const skipped = [...dataset.problems, ...found.skipped];
  const files = new Map([
    ["scores.csv", scoresToCsv(names, classes, scores)],
    ["results.json", evaluationToJson(evaluation)],
    ["report.html", await renderEvaluation(task, evaluation, environment, skipped)],
  ]);
  const folder = request.output;
  const saved = attempt(folder, () => {
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of files) writeAtomically(join(folder, name), content);
  });
  return done({ evaluation, files: saved.kind === "failed" ? saved : ok([...files.keys()]) });
}

async function renderEvaluation(
  { path, compiled: { plan, text }, startedAt }: EvaluateTask,
  evaluation: Evaluation,
  environment: readonly (readonly [string, string])[],
  skipped: readonly Problem[],
): Promise<string> {
  const { renderReport } = await import("../../report/index.ts");
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
