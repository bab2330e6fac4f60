import { setImmediate as letOthersRun } from "node:timers/promises";
import { type BestBy, slotShape, type TrainSettings, valueNamed } from "../../compiler/index.ts";
import { type Engine, lasting, type StepResult, trainStep } from "../backends/index.ts";
import { isBetter, loggedValues, numberOf, type StepEvaluation } from "../evaluate/index.ts";
import type { Attempt, StorageProblem } from "../files/index.ts";
import type { StopSignal } from "../machine/index.ts";
import type { Problem } from "../text/index.ts";
import { BadVolumeError, type Batches } from "./batches.ts";
import type { TrainingState } from "./checkpoint-state.ts";
import type { TrainedTensor } from "./checkpoint-tensors.ts";
import type { EventLog } from "./events.ts";
import type { RunIdentity } from "./identity.ts";
import type { MetricsLog } from "./metrics-log.ts";
import type { RunFolder } from "./run-folder.ts";
import type { SpentClock } from "./spent-times.ts";
import { StepClock } from "./train-progress.ts";

/** A parameter that is trained: its name in checkpoints, and its shape. */
export interface TrainedParameter {
  readonly checkpoint: string;
  readonly shape: readonly number[];
}

/** What an evaluation came to; a stopped one is made again when the training goes on. */
export type Evaluated =
  | { readonly kind: "evaluated"; readonly evaluation: StepEvaluation; readonly skipped: readonly Problem[] }
  | { readonly kind: "wrong"; readonly problem: Problem }
  | { readonly kind: "storage"; readonly problem: StorageProblem }
  | { readonly kind: "stopped" };

export interface TrainingRun {
  readonly engine: Engine;
  readonly settings: TrainSettings;
  /** Steps of the whole training, and of an epoch. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly batches: Pick<Batches, "at" | "epochOf" | "lastNames" | "takeSkipped">;
  readonly trained: ReadonlyMap<string, TrainedParameter>;
  /** What is saved besides, by its names in checkpoints: what stays as it is, and cannot be had again from the model's weights. */
  readonly kept: ReadonlyMap<string, TrainedTensor>;
  readonly folder: RunFolder;
  readonly metrics: MetricsLog;
  readonly events: EventLog;
  readonly identity: RunIdentity;
  /** What else checkpoints say of the run, to be shown. */
  readonly about: TrainingState["settings"];
  /** Where a training that goes on stood. */
  readonly from: TrainingState | null;
  /** By which number of evaluations the best checkpoint is told. */
  readonly bestBy: BestBy;
  /** Evaluates after so many steps; null where there is nothing to evaluate on. */
  readonly evaluate: ((step: number) => Promise<Evaluated>) | null;
  /** Steps that were evaluated before, in this run or in those that it goes on from. */
  readonly evaluated: Set<number>;
  readonly stopRequested: () => StopSignal | null;
  readonly tell: (progress: {
    readonly step: number;
    readonly loss: number;
    readonly metrics: ReadonlyMap<string, number>;
    readonly stepSeconds: number | null;
  }) => void;
  /** Hears of what is left out, and keeps it. */
  readonly skip: (problems: readonly Problem[]) => StorageProblem | null;
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly spent: SpentClock;
}

/** How a training ended. */
export type TrainingEnd =
  | { readonly kind: "done" }
  /** Before its last step, because evaluations did not become better than the best one. */
  | { readonly kind: "exhausted"; readonly step: number; readonly best: NonNullable<TrainingState["best"]> }
  /** By a signal; before the first step there may be nothing to save. */
  | { readonly kind: "stopped"; readonly signal: StopSignal; readonly step: number; readonly saved: boolean }
  | { readonly kind: "wrong-data"; readonly problem: Problem; readonly step: number }
  /** With the names of the examples in the batch of that step. */
  | {
      readonly kind: "not-finite";
      readonly what: string;
      readonly value: number;
      readonly step: number;
      readonly examples: readonly string[];
    }
  | { readonly kind: "storage"; readonly problem: StorageProblem };

const start = { step: 0, best: null, loss: { sum: 0, count: 0 } };

/**
 * Trains until the last step, from the start or from where a checkpoint stood. A checkpoint is saved at the end of each epoch
 * or every `save_every` steps, after each evaluation, and when a signal or a bad file ends it.
 */
export async function train(run: TrainingRun): Promise<TrainingEnd> {
  const { settings, steps, stepsPerEpoch } = run;
  const isStopped = (): boolean => run.stopRequested() !== null;
  const clock = new StepClock();
  let { step, best, loss }: Pick<TrainingState, "step" | "best" | "loss"> = run.from ?? start;
  let saved = run.from?.step ?? -1;
  const save = (metric: number | null): Promise<StorageProblem | null> =>
    run.spent.measure("saving", () => saveNow(metric));
  const saveNow = async (metric: number | null): Promise<StorageProblem | null> => {
    const position = step % stepsPerEpoch;
    const epoch = Math.floor(step / stepsPerEpoch);
    const { identity, about } = run;
    const state: TrainingState = { step, epoch, position, identity, settings: about, metric, best, loss };
    const problem = saveCheckpoint(run, state, lasting(await run.engine.read()));
    if (problem === null) saved = step;
    return problem;
  };
  /** Before the first step there is nothing to go on from that a new start would not have. */
  const saveAnd = async (end: TrainingEnd): Promise<TrainingEnd> => {
    const failed = saved === step || step === 0 ? null : await save(null);
    return failed === null ? end : { kind: "storage", problem: failed };
  };
  for (;;) {
    const { evaluate } = run;
    if (isEvaluationDue(step, run) && !isStopped() && evaluate !== null) {
      const found = await run.spent.measure("evaluating", () => evaluate(step));
      if (found.kind === "wrong") return await saveAnd({ kind: "wrong-data", problem: found.problem, step });
      if (found.kind === "storage") return found;
      if (found.kind === "evaluated") {
        run.evaluated.add(step);
        const metric = numberOf(found.evaluation, run.bestBy);
        if (metric !== null && isBetter(metric, best?.metric ?? null, run.bestBy)) best = { step, metric };
        const failed = run.skip(found.skipped) ?? logEvaluation(run, step, found.evaluation) ?? (await save(metric));
        if (failed !== null) return { kind: "storage", problem: failed };
      }
    }
    if (step < steps && isExhausted(run, best)) return saveAnd({ kind: "exhausted", step, best });
    const isDone = step >= steps && !isEvaluationDue(step, run);
    const signal = run.stopRequested();
    if (isDone || signal !== null) {
      const isSaved = step > 0 || saved === step;
      return saveAnd(isDone || signal === null ? { kind: "done" } : { kind: "stopped", signal, step, saved: isSaved });
    }
    const started = performance.now();
    const result = await tryStep(run, step, isStopped);
    const unkept = run.skip(run.batches.takeSkipped());
    if (unkept !== null) return { kind: "storage", problem: unkept };
    if (result instanceof BadVolumeError) return saveAnd({ kind: "wrong-data", problem: result.problem, step });
    // Asked to stop between micro-batches: the step before is the last one that is done.
    if (result === null) continue;
    const seconds = (performance.now() - started) / 1000;
    clock.add(seconds);
    run.spent.add("steps", seconds);
    // A gradient that is no number leaves parameters that are none, which the loss would only show a step later.
    for (const [what, value] of [["loss", result.loss] as const, ["gradient norm", result.gradientNorm] as const]) {
      if (!Number.isFinite(value)) {
        return { kind: "not-finite", what, value, step, examples: run.batches.lastNames() };
      }
    }
    loss = { sum: loss.sum + result.loss, count: loss.count + 1 };
    step += 1;
    const logged = logStep(run, step, result, seconds);
    if (logged !== null) return { kind: "storage", problem: logged };
    run.tell({ step, loss: result.loss, metrics: result.metrics, stepSeconds: clock.stepSeconds() });
    const isSaved = step < steps && step % (settings.saveEvery ?? stepsPerEpoch) === 0;
    const failed = isSaved ? await save(null) : null;
    if (failed !== null) return { kind: "storage", problem: failed };
    await letOthersRun();
  }
}

/** A step, null when it was stopped, or the volume that keeps it from being made. */
async function tryStep(
  { engine, settings, batches, steps, spent }: TrainingRun,
  step: number,
  isStopped: () => boolean,
): Promise<StepResult | null | BadVolumeError> {
  try {
    return await trainStep(engine, settings, spent.watch(batches.at(step, steps)), step, isStopped);
  } catch (error) {
    if (error instanceof BadVolumeError) return error;
    throw error;
  }
}

/** Whether as many evaluations as `patience` says came after the best one. */
function isExhausted(
  { settings: { patience }, evaluated }: TrainingRun,
  best: TrainingState["best"],
): best is NonNullable<TrainingState["best"]> {
  if (patience === null || best === null) return false;
  return [...evaluated].filter((step) => step > best.step).length >= patience;
}

/** Before the first step, after the last one, and every so many between, unless it was done. */
function isEvaluationDue(step: number, { settings, steps, stepsPerEpoch, evaluate, evaluated }: TrainingRun): boolean {
  const isTime = step === 0 || step === steps || step % (settings.evaluateEvery ?? stepsPerEpoch) === 0;
  return isTime && evaluate !== null && !evaluated.has(step);
}

function saveCheckpoint(
  { folder, trained, kept, metrics, events }: TrainingRun,
  state: TrainingState,
  values: ReadonlyMap<string, Float32Array>,
): StorageProblem | null {
  const { parameters, averages, optimizer } = sortedTensors(values, { trained, kept });
  const done = [metrics.sync(), events.sync(), folder.checkpoints.save({ state, parameters, averages, optimizer })];
  return problemOf(done);
}

/** What is trained and its averages by their names in checkpoints, each with what is saved besides, and the rest by paths. */
export function sortedTensors(
  values: ReadonlyMap<string, Float32Array>,
  { trained, kept }: Pick<TrainingRun, "trained" | "kept">,
): Record<"parameters" | "averages" | "optimizer", Map<string, TrainedTensor>> {
  const parameters = new Map(kept);
  const averages = new Map<string, TrainedTensor>();
  const optimizer = new Map<string, TrainedTensor>();
  for (const [path, data] of values) {
    const value = valueNamed(path);
    const of = trained.get(value.kind === "slot" ? value.parameter : path);
    if (of === undefined) optimizer.set(path, { shape: [], data });
    else if (value.kind !== "slot") parameters.set(of.checkpoint, { shape: of.shape, data });
    else if (value.slot === "average") averages.set(of.checkpoint, { shape: of.shape, data });
    else optimizer.set(path, { shape: slotShape(value.slot, of.shape), data });
  }
  return { parameters, averages: averages.size === 0 ? averages : new Map([...kept, ...averages]), optimizer };
}

function logStep(
  { metrics, events, batches, now }: TrainingRun,
  step: number,
  { loss, gradientNorm, learningRate, metrics: measured }: StepResult,
  seconds: number,
): StorageProblem | null {
  const record = {
    step,
    epoch: batches.epochOf(step - 1),
    loss,
    gradient_norm: gradientNorm,
    learning_rate: learningRate,
    ...Object.fromEntries(measured),
    seconds,
  };
  const values = new Map([
    ["train/loss", loss],
    ["train/gradient_norm", gradientNorm],
    ["train/learning_rate", learningRate],
    ["train/seconds", seconds],
    ...[...measured].map(([name, value]) => [`train/${name}`, value] as const),
  ]);
  return problemOf([metrics.append(record), events.append(step, now(), values)]);
}

function logEvaluation({ events, now }: TrainingRun, step: number, evaluation: StepEvaluation): StorageProblem | null {
  return problemOf([events.append(step, now(), loggedValues(evaluation))]);
}

function problemOf(attempts: readonly Attempt<unknown>[]): StorageProblem | null {
  for (const each of attempts) if (each.kind === "failed") return each.problem;
  return null;
}
