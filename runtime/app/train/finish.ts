import * as v from "valibot";
import type { BestBy, TracedSpec } from "../../../compiler/index.ts";
import type { Engine } from "../../backends/index.ts";
import { contractKey, encodeContract, type ModelContract } from "../../data/index.ts";
import type { Evaluation, HeldOutLoss, StepEvaluation } from "../../evaluate/index.ts";
import { attempt, readFileText, writeAtomically } from "../../files/index.ts";
import { readOwnLines } from "../../json/index.ts";
import type { CurvePoint } from "../../report/index.ts";
import type { Problem } from "../../text/index.ts";
import {
  type DrawnValues,
  drawnKey,
  encodeDrawn,
  type RunFolder,
  sortedTensors,
  type TrainedParameter,
  type TrainingEnd,
} from "../../train/index.ts";
import { environmentOf } from "../engine/environment.ts";
import { done, type Ended, problem, type Reporter, refuse } from "../reporter.ts";
import type { KeptTensors } from "../weights/kept-tensors.ts";
import type { TrainTask } from "./task.ts";

/** What a training that came to its end leaves. */
export interface FinishedTraining {
  readonly steps: number;
  readonly adapterPath: string;
  readonly reportPath: string;
  /** The last one; null where nothing is evaluated. */
  readonly evaluation: Evaluation | null;
  readonly loss: HeldOutLoss | null;
}

/** A training that has ended, one way or another. */
export interface TrainingRun {
  readonly engine: Engine;
  readonly spec: TracedSpec;
  readonly contract: ModelContract;
  readonly steps: number;
  readonly trained: ReadonlyMap<string, TrainedParameter>;
  readonly kept: KeptTensors;
  readonly drawn: DrawnValues;
  readonly folder: RunFolder;
  readonly evaluations: ReadonlyMap<number, StepEvaluation>;
  readonly bestBy: BestBy;
  /** Why its results mean less than they seem to. */
  readonly warnings: readonly string[];
  readonly skipped: readonly Problem[];
  readonly task: TrainTask;
}

/** Reports where a training was stopped, and how it goes on. */
export function reportStopped(step: number, steps: number, isSaved: boolean, reporter: Reporter): void {
  const where = isSaved ? `after step ${step} of ${steps}, which is saved` : "before anything was saved";
  reporter.info(`stopped ${where}; ${isSaved ? "resume with the same command and --resume" : "start it again"}`);
}

/** Reports that a training ended before its last step, and where its best checkpoint is. */
function reportExhausted(
  { step, best }: TrainingEnd & { readonly kind: "exhausted" },
  { spec, steps, folder, bestBy }: TrainingRun,
  reporter: Reporter,
): void {
  const { patience } = spec.settings;
  const evaluations = patience === 1 ? "1 evaluation" : `${patience ?? ""} evaluations`;
  reporter.info(
    `stopped early, after step ${step} of ${steps}: \`${bestBy.name}\` was best at step ${best.step} (${bestBy.kind === "scores" ? best.metric.toFixed(3) : best.metric.toPrecision(4)}), ${evaluations} ago; that checkpoint is ${folder.checkpoints.folderOf(best.step)}`,
  );
}

/** Saves what was trained with its report, or reports why the training ended before, and how to go on with it. */
export async function finishTraining(
  ended: TrainingEnd,
  run: TrainingRun,
  reporter: Reporter,
): Promise<Ended<FinishedTraining>> {
  switch (ended.kind) {
    case "done":
      return finish(run, reporter);
    case "exhausted":
      reportExhausted(ended, run, reporter);
      return finish({ ...run, steps: ended.step }, reporter);
    case "stopped":
      reportStopped(ended.step, run.steps, ended.saved, reporter);
      return { kind: "stopped", signal: ended.signal };
    case "wrong-data": {
      reporter.problem(ended.problem);
      const next = ended.step > 0 ? "resume with the same command and --resume" : "start it again";
      const help = `${next} after repairing that file, or add --skip-bad to skip such files`;
      return refuse(problem(`the run stopped after step ${ended.step} of ${run.steps}`, help), reporter);
    }
    case "not-finite":
      reporter.info(`the batch of step ${ended.step + 1}: ${listOf(ended.examples)}`);
      return refuse(
        problem(
          `the ${ended.what} of step ${ended.step + 1} is ${ended.value}`,
          "check these volumes and their reports, or use a lower learning rate, `clip_norm`, or precision f32; earlier checkpoints are intact",
        ),
        reporter,
      );
    case "storage":
      reporter.problem(ended.problem);
      return refuse(
        problem(
          "the run stopped because it could not be saved",
          "earlier checkpoints are kept; resume with the same command and --resume",
        ),
        reporter,
      );
  }
}

/** Names of examples that are listed: batches may have thousands. */
const mostNames = 32;

function listOf(names: readonly string[]): string {
  const more = names.length - mostNames;
  return `${names.slice(0, mostNames).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

async function finish(run: TrainingRun, reporter: Reporter): Promise<Ended<FinishedTraining>> {
  const { engine, folder, evaluations, steps } = run;
  const { parameters, averages } = sortedTensors(await engine.read(), run);
  const metadata = new Map([
    [contractKey, encodeContract(run.contract)],
    [drawnKey, encodeDrawn(run.drawn)],
  ]);
  const averaged = averages.size > 0 ? folder.saveAdapter(averages, metadata, folder.averagePath) : null;
  if (averaged?.kind === "failed") return refuse(averaged.problem, reporter);
  const saved = folder.saveAdapter(parameters, metadata);
  if (saved.kind === "failed") return refuse(saved.problem, reporter);
  const { reportPath } = folder;
  // What was evaluated, and what commands take of the folder.
  const adapterPath = averaged === null ? folder.adapterPath : folder.averagePath;
  const html = await renderRun(run);
  const written = attempt(reportPath, () => writeAtomically(reportPath, html));
  if (written.kind === "failed") return refuse(written.problem, reporter);
  const last = inOrder(evaluations).at(-1)?.[1];
  return done({ steps, adapterPath, reportPath, evaluation: last?.scored ?? null, loss: last?.loss ?? null });
}

function inOrder(evaluations: TrainingRun["evaluations"]): readonly (readonly [number, StepEvaluation])[] {
  return [...evaluations].sort(([a], [b]) => a - b);
}

async function renderRun({ engine, spec, folder, evaluations, warnings, skipped, task }: TrainingRun): Promise<string> {
  const { renderReport } = await import("../../report/index.ts");
  const { path, compiled, data, request, startedAt } = task;
  const all = inOrder(evaluations);
  const scored = all.flatMap(([step, { scored: evaluation }]) => (evaluation === null ? [] : [{ step, evaluation }]));
  const label = (step: number, place: number): string =>
    step === 0 ? "before" : place === scored.length - 1 ? "after" : `step ${step}`;
  return renderReport({
    title: compiled.plan.model,
    command: null,
    startedAt: startedAt.toISOString(),
    elapsedMs: Date.now() - startedAt.getTime(),
    specPath: path,
    specText: compiled.text,
    plan: compiled.plan,
    curve: readCurve(folder.metricsPath),
    validation: all.flatMap(([step, { loss }]) => (loss === null ? [] : [{ step, values: loss.values }])),
    evaluations: scored.map((each, place) => ({ label: label(each.step, place), ...each })),
    tasks: [],
    hardest: null,
    latents: null,
    environment: environmentOf(engine, spec, { ...request, data: data.data }),
    warnings,
    skipped,
  });
}

/** JSON has null for what is no number. */
const orNone = v.fallback(v.number(), Number.NaN);
const record = v.objectWithRest({ step: orNone, loss: orNone, learning_rate: orNone, gradient_norm: orNone }, orNone);

/** What a step logs besides its metrics and those of the record. */
const unshown: ReadonlySet<string> = new Set(["epoch", "seconds"]);

/** The curve of a whole training, as its log has it. */
function readCurve(path: string): readonly CurvePoint[] {
  return readOwnLines(readFileText(path), record).map(
    ({ step, loss, learning_rate: learningRate, gradient_norm: gradientNorm, ...others }) => {
      const metrics = new Map(Object.entries(others).filter(([name]) => !unshown.has(name)));
      return { step, loss, learningRate, gradientNorm, metrics };
    },
  );
}
