import { basename } from "node:path";
import { at } from "../../at.ts";
import type { Backend } from "../../backends/index.ts";
import type { ExportedModels } from "../../backends/onnx/index.ts";
import type { Dataset } from "../../data/index.ts";
import type { EncodedVolumes, MapWatch, TaskResult } from "../../evaluate/index.ts";
import type { SignalWatch } from "../../machine/index.ts";
import type { HardestReport, RunReport } from "../../report/index.ts";
import { ok, type Result } from "../../text/index.ts";
import type { CompiledSpec } from "../compiled-spec.ts";
import { type DataOptions, type OpenedData, reportSkipped } from "../data/open.ts";
import { environmentOf } from "../engine/environment.ts";
import { type EngineOptions, openEngine } from "../engine/open.ts";
import { done, type Ended, problem, type Reporter, refuse, refused, reportRemark } from "../reporter.ts";
import type { ChoosingVolumes } from "./choose-thresholds.ts";
import type { DrawCases } from "./comparison-page.ts";
import { evaluateTasks } from "./evaluate-tasks.ts";
import type { WeightsRun } from "./evaluated-runs.ts";
import { saveEvaluation, unscoredWarnings } from "./evaluation-files.ts";
import { openExport } from "./exported.ts";
import { mapOf, saveLatents } from "./latents.ts";
import { shortPromptsOf } from "./short-prompts.ts";

/** What one after the other is evaluated on, opened. */
export interface EvaluateTask {
  readonly path: string;
  readonly compiled: CompiledSpec;
  readonly data: DataOptions;
  readonly request: Omit<EngineOptions, "adapter">;
  readonly backend: Backend;
  readonly dataset: Dataset;
  /** Volumes to choose thresholds on, where they are not chosen on those that are evaluated. */
  readonly choosing: readonly ChoosingVolumes[];
  readonly reading: OpenedData;
  /** Gets what there is to see of volumes. */
  readonly drawCases: DrawCases;
  /** Whether the reports of volumes are encoded. */
  readonly withReports: boolean;
  /** A file for latents, which has the label of each run in its name where there are several; null for none. */
  readonly latents: { readonly file: string; readonly ofSeveral: boolean } | null;
  /** Exported models by their folders. */
  readonly exports: ReadonlyMap<string, ExportedModels>;
  /** What the network takes, as files of latents record it. */
  readonly contract: string;
  /** For files that are needed while it runs. */
  readonly temporary: string;
  readonly startedAt: Date;
}

/** What one came to; the names of the files that it was written into, unless they could not be written. */
export interface EvaluatedRun extends WeightsRun {
  readonly results: readonly TaskResult[];
  readonly encoded: Pick<EncodedVolumes, "names" | "images">;
  /** Why its numbers mean less than they seem to; already reported once. */
  readonly warnings: readonly string[];
  readonly files: Result<readonly string[]>;
  /** The file that latents were written into; null where none was asked for. */
  readonly latents: Result<string> | null;
}

/** Evaluates one, and writes what it came to. */
export async function evaluateRun(
  run: WeightsRun,
  task: EvaluateTask,
  signals: SignalWatch,
  reporter: Reporter,
): Promise<Ended<EvaluatedRun>> {
  const { compiled, data, backend, dataset, choosing, reading, temporary } = task;
  const { spec } = compiled;
  const { tasks } = spec.evaluation;
  const request = { ...task.request, adapter: run.adapter };
  const shortTexts = run.exported === null ? shortPromptsOf(spec, tasks, reading, backend) : null;
  const opened =
    run.exported === null
      ? await openEngine(compiled, "encode", backend, request, temporary, reporter, { shortTexts })
      : await openExport(run.exported, task.exports, reporter);
  if (opened === null) return refused;
  const { engine, remark } = opened;
  if (remark !== null) reportRemark(remark, reporter);
  const isStopped = (): boolean => signals.requested() !== null;
  const held = {
    engine,
    spec,
    dataset,
    reading,
    shortTexts,
    skipBad: data.skipBad,
    isStopped,
    tasks,
    choosing,
    withReports: task.withReports,
  };
  const found = await evaluateTasks(held, reporter).finally(engine.dispose);
  reporter.progressEnd();
  const environment = environmentOf(engine, spec, { ...request, data: data.data, exported: run.exported });
  if (found.kind === "stopped") return { kind: "stopped", signal: signals.requested() ?? "SIGINT" };
  if (found.kind === "wrong") {
    reporter.problem(found.problem);
    return refuse(problem("the evaluation stopped at this file", "add --skip-bad to skip such files"), reporter);
  }
  for (const each of found.skipped) reportSkipped(each, reporter);
  const { results } = found;
  const encoded = { names: found.volumes.names, images: found.volumes.images };
  const unscored = results.flatMap(unscoredWarnings);
  for (const warning of unscored) reporter.warning(warning);
  const ofWeights = remark?.kind === "warning" ? [remark.text] : [];
  const warnings = [...ofWeights, ...unscored];
  // What was measured, which may have taken hours, is written all the same where a signal ends the map.
  const map = run.output === null ? null : await mapWatched(found.volumes, isStopped, reporter);
  const latents = await saveLatentsOf(run, task, found.volumes);
  if (run.output === null) return done({ ...run, results, encoded, warnings, files: ok([]), latents });
  const skipped = [...dataset.problems, ...found.skipped];
  const hardest = await hardestOf(results, task.drawCases);
  const report = await renderEvaluation(task, results, { hardest, latents: map, warnings, environment, skipped });
  const files = saveEvaluation(run.output, results, ofWeights, report);
  return done({ ...run, results, encoded, warnings, files, latents });
}

function mapWatched(volumes: EncodedVolumes, isStopped: () => boolean, reporter: Reporter) {
  const tell: MapWatch["tell"] = (doing, done, total) => {
    const what = doing === "neighbours" ? "neighbours of volume" : "placing volumes, round";
    reporter.progress(`map of latents: ${what} ${done} of ${total}`);
  };
  return mapOf(volumes, { tell, isStopped }).finally(reporter.progressEnd);
}

/** The volumes that the first task that scores classes got most wrong. */
async function hardestOf(results: readonly TaskResult[], drawCases: DrawCases): Promise<HardestReport | null> {
  const first = results.find((result) => result.kind === "scores");
  if (first === undefined) return null;
  const { hardestCases } = await import("../../report/index.ts");
  const { names, labels, scores } = first.scores;
  const shown = { names, labels, runs: [{ label: first.task.name, evaluation: first.evaluation, scores }] };
  const cases = await drawCases(hardestCases(shown).map(({ volume }) => at(names, volume)));
  return { ...shown, cases };
}

function saveLatentsOf(
  { label, adapter }: WeightsRun,
  { latents, contract, compiled: { text }, request: { weights } }: EvaluateTask,
  volumes: EncodedVolumes,
): Promise<Result<string>> | null {
  if (latents === null) return null;
  const { file, ofSeveral } = latents;
  return saveLatents(file, ofSeveral ? label : null, volumes, { spec: text, contract, weights, adapter });
}

async function renderEvaluation(
  { path, compiled: { plan, text }, startedAt }: EvaluateTask,
  results: readonly TaskResult[],
  found: Pick<RunReport, "hardest" | "latents" | "warnings" | "environment" | "skipped">,
): Promise<string> {
  const { renderReport } = await import("../../report/index.ts");
  const first = results.find((result) => result.kind === "scores") ?? null;
  const tasks = results.filter((result) => result !== first);
  const label = first === null || tasks.length === 0 ? "evaluation" : first.task.name;
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
    evaluations: first === null ? [] : [{ label, step: null, evaluation: first.evaluation }],
    tasks,
    ...found,
  });
}
