import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Dataset, LabelledExample } from "../../data/index.ts";
import { type Evaluation, evaluationToJson, groupsToCsv, labelsToCsv, scoresToCsv } from "../../evaluate/index.ts";
import { attempt, makeTemporaryFolder, writeAtomically } from "../../files/index.ts";
import { problemOf, type SignalWatch, watchSignals } from "../../machine/index.ts";
import type { RunReport } from "../../report/index.ts";
import { ok, type Result } from "../../text/index.ts";
import { type CompiledSpec, compileReported } from "../compiled-spec.ts";
import { contractWith, settleData } from "../data/contract.ts";
import {
  cacheOf,
  type DataOptions,
  dataFolderOf,
  dataInputsOf,
  type OpenedData,
  openData,
  openSplit,
  reportSkipped,
  reportUncached,
} from "../data/open.ts";
import { arePromptsUsable } from "../data/texts.ts";
import { backendFor } from "../engine/choose.ts";
import { environmentOf } from "../engine/environment.ts";
import { type EngineOptions, openEngine } from "../engine/open.ts";
import { findSpec } from "../find-spec.ts";
import { done, type Ended, problem, type Reporter, refuse, refuseBy, refused, reportRemark } from "../reporter.ts";
import { adapterDisagreements } from "../weights/contract-agreement.ts";
import { chooseThresholds, openThresholdVolumes } from "./choose-thresholds.ts";
import { areGroupsKnown, groupColumns } from "./grouping.ts";
import { evaluateHeldOut, type HeldOutEvaluation } from "./held-out.ts";

export interface EvaluateRequest extends Omit<DataOptions, "data">, EngineOptions {
  /** The path of a spec; null for the only one of the working folder. */
  readonly spec: string | null;
  /** Assignments that hold instead of what it says. */
  readonly set: readonly string[];
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
  /** Why its numbers mean less than they seem to; already reported once. */
  readonly warnings: readonly string[];
  readonly files: Result<readonly string[]>;
}

/** Zero-shot classification of volumes by the prompts of the spec's classes. */
export async function evaluate(request: EvaluateRequest, reporter: Reporter): Promise<Ended<Evaluated>> {
  const path = findSpec(request.spec, "eval", reporter);
  if (path === null) return refused;
  const compiled = compileReported({ spec: path, set: request.set }, reporter);
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
  const texts = groupColumns(spec.evaluation);
  const needs = { files: inputs.needs.files, texts, labels: classes, split: request.split };
  const dataset = await openSplit(spec, data, needs, reporter);
  if (dataset === null || !areGroupsKnown(spec, dataset, reporter)) return refused;
  const choosing = await openThresholdVolumes(spec, data, needs, dataset, reporter);
  if (choosing === "refused") return refused;
  const read = choosing === null ? [dataset] : [dataset, choosing];
  const settled = await settleData(spec.data, read, inputs, data.skipBad, reporter, cacheOf(data));
  const reading = settled === null ? null : openData(spec, settled.inputs, data, reporter);
  if (settled === null || reading === null) return refused;
  const differing = adapterDisagreements(request.adapter, contractWith(settled));
  if (differing.length > 0) {
    await reading.loader.dispose();
    return refuseBy(differing, reporter);
  }
  const { text: tokens } = reading;
  if (tokens !== null && !arePromptsUsable(spec.evaluation, tokens.tokenizer, inputs, reporter)) {
    await reading.loader.dispose();
    return refused;
  }
  const temporary = makeTemporaryFolder("medctc-eval");
  const clean = (): void => rmSync(temporary, { recursive: true, force: true });
  const signals = watchSignals(clean);
  try {
    const task = {
      path,
      compiled: { ...compiled, spec },
      data,
      request,
      choosing,
      temporary,
      startedAt,
    };
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
  /** Volumes to choose thresholds on; null where they are not chosen on others. */
  readonly choosing: Dataset<LabelledExample> | null;
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
  const { compiled, data, request, choosing, temporary } = task;
  const backend = backendFor(request, reporter);
  if (backend === null) return refused;
  const opened = await openEngine(compiled, "encode", backend, request, temporary, reporter);
  if (opened === null) return refused;
  const { engine, remark } = opened;
  if (remark !== null) reportRemark(remark, reporter);
  const warnings = remark?.kind === "warning" ? [remark.text] : [];
  const isStopped = (): boolean => signals.requested() !== null;
  const { spec } = compiled;
  const held = { engine, spec, reading, skipBad: data.skipBad, isStopped };
  const evaluate = async (): Promise<HeldOutEvaluation> => {
    const chosen = choosing === null ? null : await chooseThresholds({ ...held, dataset: choosing }, reporter);
    if (chosen !== null && chosen.kind !== "chosen") return chosen;
    const thresholds = chosen === null ? {} : { chosen: chosen.thresholds };
    return evaluateHeldOut({ ...held, dataset, ...thresholds }, reporter);
  };
  const found = await evaluate().finally(engine.dispose);
  reporter.progressEnd();
  const environment = environmentOf(engine, spec, { ...request, data: data.data });
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
  if (request.output === null) return done({ evaluation, warnings, files: ok([]) });
  const { names, scores, classes, labels, groups } = found.scores;
  const skipped = [...dataset.problems, ...found.skipped];
  const files = new Map([
    ["scores.csv", scoresToCsv(names, classes, scores, labels)],
    ["labels.csv", labelsToCsv(names, classes, labels)],
    ...(groups === undefined ? [] : [["groups.csv", groupsToCsv(names, groups)] as const]),
    ["results.json", evaluationToJson(evaluation, warnings)],
    ["report.html", await renderEvaluation(task, { evaluation, warnings, environment, skipped })],
  ]);
  const folder = request.output;
  const saved = attempt(folder, () => {
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of files) writeAtomically(join(folder, name), content);
  });
  return done({ evaluation, warnings, files: saved.kind === "failed" ? saved : ok([...files.keys()]) });
}

async function renderEvaluation(
  { path, compiled: { plan, text }, startedAt }: EvaluateTask,
  {
    evaluation,
    ...found
  }: Pick<RunReport, "warnings" | "environment" | "skipped"> & { readonly evaluation: Evaluation },
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
    validation: [],
    evaluations: [{ label: "evaluation", step: null, evaluation }],
    ...found,
  });
}
