import { setImmediate as letOthersRun } from "node:timers/promises";
import type { TrainSettings } from "../../compiler/index.ts";
import type { DataProblem } from "../data/index.ts";
import { type Engine, type StepResult, trainStep } from "../engine/index.ts";
import type { Evaluation } from "../evaluate/index.ts";
import type { Attempt, StorageProblem } from "../files/index.ts";
import { BadVolumeError, type Batches } from "./batches.ts";
import type { TrainingState } from "./checkpoint-state.ts";
import type { TrainedTensor } from "./checkpoint-tensors.ts";
import type { EventLog } from "./events.ts";
import type { RunIdentity } from "./identity.ts";
import type { MetricsLog } from "./metrics-log.ts";
import type { RunFolder } from "./run-folder.ts";
import type { StopSignal } from "./signals.ts";
import { StepClock } from "./train-progress.ts";

/** A parameter that is trained: its name in checkpoints, and its shape. */
export interface TrainedParameter {
  readonly checkpoint: string;
  readonly shape: readonly number[];
}

/** What an evaluation came to; a stopped one is made again when the training goes on. */
export type Evaluated =
  | { readonly kind: "evaluated"; readonly evaluation: Evaluation; readonly skipped: readonly DataProblem[] }
  | { readonly kind: "wrong"; readonly problem: DataProblem }
  | { readonly kind: "storage"; readonly problem: StorageProblem }
  | { readonly kind: "stopped" };

export interface TrainingRun {
  readonly engine: Engine;
  readonly settings: TrainSettings;
  /** Steps of the whole training, and of an epoch. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly batches: Batches;
  readonly trained: ReadonlyMap<string, TrainedParameter>;
  readonly folder: RunFolder;
  readonly metrics: MetricsLog;
  readonly events: EventLog;
  readonly identity: RunIdentity;
  /** Where a training that goes on stood. */
  readonly from: TrainingState | null;
  /** Evaluates after so many steps; null where there is nothing to evaluate on. */
  readonly evaluate: ((step: number) => Promise<Evaluated>) | null;
  /** Steps that were evaluated before, in this run or in those that it goes on from. */
  readonly evaluated: Set<number>;
  readonly stopRequested: () => StopSignal | null;
  readonly tell: (progress: {
    readonly step: number;
    readonly loss: number;
    readonly stepSeconds: number | null;
  }) => void;
  /** Hears of what is left out. */
  readonly skip: (problem: DataProblem) => void;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** How a training ended. */
export type TrainingEnd =
  | { readonly kind: "done" }
  | { readonly kind: "stopped"; readonly signal: StopSignal; readonly step: number }
  | { readonly kind: "wrong-data"; readonly problem: DataProblem; readonly step: number }
  | { readonly kind: "not-finite"; readonly loss: number; readonly step: number }
  | { readonly kind: "storage"; readonly problem: StorageProblem };

const start = { step: 0, best: null, loss: { sum: 0, count: 0 } };

/**
 * Trains until the last step, from the start or from where a checkpoint stood. A checkpoint is saved at the end of each epoch
 * or every `save_every` steps, after each evaluation, and when a signal asks for an end.
 */
export async function train(run: TrainingRun): Promise<TrainingEnd> {
  const { settings, steps, stepsPerEpoch } = run;
  const isStopped = (): boolean => run.stopRequested() !== null;
  const clock = new StepClock();
  let { step, best, loss }: Pick<TrainingState, "step" | "best" | "loss"> = run.from ?? start;
  let saved = run.from?.step ?? -1;
  const save = async (metric: number | null): Promise<StorageProblem | null> => {
    const position = step % stepsPerEpoch;
    const state: TrainingState = {
      step,
      epoch: Math.floor(step / stepsPerEpoch),
      position,
      identity: run.identity,
      settings: new Map(),
      metric,
      best,
      loss,
    };
    const problem = saveCheckpoint(run, state, await run.engine.read());
    if (problem === null) saved = step;
    return problem;
  };
  for (;;) {
    const isDue = isEvaluationDue(step, run) && !run.evaluated.has(step);
    const found = isDue && run.evaluate !== null ? await run.evaluate(step) : null;
    if (found !== null) {
      if (found.kind === "wrong") return { kind: "wrong-data", problem: found.problem, step };
      if (found.kind === "storage") return found;
      if (found.kind === "evaluated") {
        run.evaluated.add(step);
        for (const problem of found.skipped) run.skip(problem);
        const metric = found.evaluation.overall.meanAuroc.value;
        if (metric !== null && (best === null || metric > best.metric)) best = { step, metric };
        const logged = logEvaluation(run, step, found.evaluation);
        const failed = logged ?? (step > 0 ? await save(metric) : null);
        if (failed !== null) return { kind: "storage", problem: failed };
      }
    }
    const signal = run.stopRequested();
    if (signal !== null || step >= steps) {
      const failed = saved === step || step === 0 ? null : await save(null);
      if (failed !== null) return { kind: "storage", problem: failed };
      return signal === null || step >= steps ? { kind: "done" } : { kind: "stopped", signal, step };
    }
    const started = performance.now();
    const result = await tryStep(run, step, isStopped);
    if (result instanceof BadVolumeError) return { kind: "wrong-data", problem: result.problem, step };
    // Asked to stop between pieces: the step before is the last one that is done.
    if (result === null) continue;
    const seconds = (performance.now() - started) / 1000;
    clock.add(seconds);
    if (!Number.isFinite(result.loss)) return { kind: "not-finite", loss: result.loss, step };
    loss = { sum: loss.sum + result.loss, count: loss.count + 1 };
    step += 1;
    const logged = logStep(run, step, result, seconds);
    if (logged !== null) return { kind: "storage", problem: logged };
    run.tell({ step, loss: result.loss, stepSeconds: clock.stepSeconds() });
    const isSaved = step < steps && step % (settings.saveEvery ?? stepsPerEpoch) === 0;
    const failed = isSaved ? await save(null) : null;
    if (failed !== null) return { kind: "storage", problem: failed };
    await letOthersRun();
  }
}

/** A step, null when it was stopped, or the volume that keeps it from being made. */
async function tryStep(
  { engine, settings, batches, steps }: TrainingRun,
  step: number,
  isStopped: () => boolean,
): Promise<StepResult | null | BadVolumeError> {
  try {
    return await trainStep(engine, settings, batches.at(step, steps), step, isStopped);
  } catch (error) {
    if (error instanceof BadVolumeError) return error;
    throw error;
  }
}

/** Before the first step, after the last one, and every so many between. */
function isEvaluationDue(step: number, { settings, steps, stepsPerEpoch }: TrainingRun): boolean {
  return step === 0 || step === steps || step % (settings.evaluateEvery ?? stepsPerEpoch) === 0;
}

function saveCheckpoint(
  { folder, trained, metrics, events }: TrainingRun,
  state: TrainingState,
  values: ReadonlyMap<string, Float32Array>,
): StorageProblem | null {
  const parameters = new Map<string, TrainedTensor>();
  const optimizer = new Map<string, TrainedTensor>();
  for (const [path, data] of values) {
    const own = trained.get(path);
    const { checkpoint, shape } = own ??
      trained.get(path.slice(path.indexOf(":") + 1)) ?? { checkpoint: path, shape: [] };
    if (own === undefined) optimizer.set(path, { shape, data });
    else parameters.set(checkpoint, { shape, data });
  }
  const done = [metrics.sync(), events.sync(), folder.checkpoints.save({ state, parameters, optimizer })];
  return problemOf(done);
}

function logStep(
  { metrics, events, batches, now }: TrainingRun,
  step: number,
  result: { readonly loss: number; readonly gradientNorm: number; readonly learningRate: number },
  seconds: number,
): StorageProblem | null {
  const { loss, gradientNorm, learningRate } = result;
  const record = {
    step,
    epoch: batches.epochOf(step - 1),
    loss,
    gradient_norm: gradientNorm,
    learning_rate: learningRate,
    seconds,
  };
  const values = new Map([
    ["train/loss", loss],
    ["train/gradient_norm", gradientNorm],
    ["train/learning_rate", learningRate],
    ["train/seconds", seconds],
  ]);
  return problemOf([metrics.append(record), events.append(step, now(), values)]);
}

function logEvaluation(
  { events, now }: TrainingRun,
  step: number,
  { overall, classes }: Evaluation,
): StorageProblem | null {
  const values = new Map<string, number>();
  for (const [name, metric] of Object.entries(overall))
    if (metric.value !== null) values.set(`valid/${name}`, metric.value);
  for (const { name, metrics } of classes) {
    if (metrics.auroc.value !== null) values.set(`valid/auroc/${name}`, metrics.auroc.value);
  }
  return problemOf([events.append(step, now(), values)]);
}

function problemOf(attempts: readonly Attempt<unknown>[]): StorageProblem | null {
  for (const each of attempts) if (each.kind === "failed") return each.problem;
  return null;
}
