import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { type Features, nameOf } from "../../../compiler/index.ts";
import { backendNamed, type Engine } from "../../backends/index.ts";
import { contractKey, encodeContract } from "../../data/index.ts";
import type { StepEvaluation } from "../../evaluate/index.ts";
import type { StorageProblem } from "../../files/index.ts";
import { version } from "../../machine/index.ts";
import type { Problem } from "../../text/index.ts";
import {
  type Checkpoint,
  describeProgress,
  drawnKey,
  type Evaluated,
  EventLog,
  encodeDrawn,
  MetricsLog,
  type RunFolder,
  type RunRecord,
  SkippedFiles,
  SpentClock,
  type TrainedParameter,
  type TrainingEnd,
  train,
} from "../../train/index.ts";
import { reportSkipped, reportUncached } from "../data/open.ts";
import { backendFor } from "../engine/choose.ts";
import { openEngine } from "../engine/open.ts";
import { type Ended, type Reporter, refuse, refused, reportRemark } from "../reporter.ts";
import { batchesOf } from "./batches.ts";
import { readEvaluations, saveEvaluation } from "./evaluations.ts";
import { readFeatures, usefulFeatures } from "./features.ts";
import { type FinishedTraining, finishTraining, reportStopped, type TrainingRun } from "./finish.ts";
import {
  bestNumber,
  type EvaluatedSources,
  evaluateSources,
  onceEncoded,
  reportEvaluation,
} from "./held-out-evaluation.ts";
import { writeLeading } from "./leading.ts";
import { openSources, type Sources } from "./sources.ts";
import type { TrainTask } from "./task.ts";

/** Trains into an opened folder. */
export async function trainInto(
  folder: RunFolder,
  task: TrainTask,
  reporter: Reporter,
): Promise<Ended<FinishedTraining>> {
  const read = await openSources(folder, task, reporter);
  if (read === null) return refused;
  try {
    const compiled = { ...task.compiled, spec: read.spec };
    mkdirSync(folder.workFolder, { recursive: true });
    if ((task.request.launch?.machines.count ?? 1) > 1) writeLeading(folder.workFolder, read.identity);
    const backend = backendFor(task.request, reporter);
    if (backend === null) return refused;
    const sources = onceEncoded(read, backend);
    folder.begin(recordOf(sources, compiled.plan.totals, backend.name, task));
    const features = usefulFeatures(sources, backend, reporter);
    const resumed = sources.checkpoint?.parameters;
    const { launch: asked } = task.request;
    const launch = asked === null ? null : { ...asked, isStopped: () => task.signals.requested() !== null };
    const options = { ...task.request, launch, ...(resumed !== undefined && { resumed }) };
    const { workFolder } = folder;
    const validation = sources.validation?.validation ?? null;
    const besides = { features, validation, shortTexts: sources.shortTexts };
    const opened = await openEngine(compiled, "train", backend, options, workFolder, reporter, besides);
    if (opened === null) return refused;
    const { engine, remark, kept, drawn } = opened;
    // A run that goes on has its own values for all that is trained.
    if (remark?.kind === "warning" || (remark !== null && sources.checkpoint === null)) reportRemark(remark, reporter);
    const warnings = remark?.kind === "warning" ? [remark.text] : [];
    try {
      const signal = task.signals.requested();
      if (signal === null)
        return await trainWith({ engine, warnings, kept, drawn }, sources, folder, task, reporter, features);
      reportStopped(sources.checkpoint?.state.step ?? 0, sources.steps, sources.checkpoint !== null, reporter);
      return { kind: "stopped", signal };
    } finally {
      await engine.dispose();
    }
  } finally {
    reportUncached(read.reading, reporter);
    await read.reading.loader.dispose();
  }
}

async function trainWith(
  { engine, warnings, kept, drawn }: Pick<TrainingRun, "engine" | "warnings" | "kept" | "drawn">,
  sources: EvaluatedSources,
  folder: RunFolder,
  task: TrainTask,
  reporter: Reporter,
  features: Features | null,
): Promise<Ended<FinishedTraining>> {
  const { spec, order, steps, trainSet, held, validation, identity, checkpoint } = sources;
  const { compiled, data, signals } = task;
  const lastStep = checkpoint?.state.step ?? 0;
  const metrics = MetricsLog.open(folder.metricsPath, lastStep);
  if (metrics.kind === "failed") return refuse(metrics.problem, reporter);
  const events = EventLog.open(folder.eventsFolder, { seconds: now(), host: hostname(), lastStep });
  if (events.kind === "failed") return refuse(events.problem, reporter);
  const skipped = SkippedFiles.open(folder.skippedPath, checkpoint !== null);
  if (skipped.kind === "failed") return refuse(skipped.problem, reporter);
  const reported = new Set<string>();
  const skip = (problems: readonly Problem[]): StorageProblem | null => {
    for (const problem of problems) {
      const kept = skipped.value.add(problem);
      if (kept.kind === "failed") return kept.problem;
      if (reported.has(problem.subject)) continue;
      reported.add(problem.subject);
      reporter.progressEnd();
      reportSkipped(problem, reporter);
    }
    return null;
  };
  for (const problem of [...trainSet.problems, ...(held?.problems ?? [])]) {
    const kept = skipped.value.add(problem);
    if (kept.kind === "failed") return refuse(kept.problem, reporter);
  }
  const trained = new Map(
    compiled.plan.parameters.flatMap((each) => (each.trainable ? [[each.path, each] as const] : [])),
  );
  if (checkpoint !== null) {
    reportResumed(checkpoint, engine, steps, reporter);
    await restore(engine, checkpoint, trained);
  } else if (spec.settings.ema !== null) await startAverages(engine);
  const evaluations =
    checkpoint === null ? new Map<number, StepEvaluation>() : readEvaluations(folder.evaluationsFolder, lastStep);
  // Saved before it was evaluated: its metric, and whether it is the best, are not known yet.
  if (checkpoint !== null && checkpoint.state.metric === null) evaluations.delete(lastStep);
  const isStopped = (): boolean => signals.requested() !== null;
  const by = bestNumber(spec, sources, reporter);
  const evaluate =
    held === null && validation === null
      ? null
      : async (step: number): Promise<Evaluated> => {
          const found = await evaluateSources(engine, sources, { skipBad: data.skipBad, isStopped }, reporter);
          if (found.kind !== "evaluated") return found;
          const saved = saveEvaluation(folder.evaluationsFolder, step, found.kept);
          if (saved.kind === "failed") return { kind: "storage", problem: saved.problem };
          evaluations.set(step, found.evaluation);
          reporter.progressEnd();
          reportEvaluation(step, found.evaluation, by, reporter);
          return found;
        };
  const batches = batchesOf(sources, task);
  const earlyEnd = features === null ? null : await readFeatures(features, engine, batches, sources, task, reporter);
  const unkept = skip(batches.takeSkipped());
  if (unkept !== null) return refuse(unkept, reporter);
  const spent = new SpentClock();
  spent.add("starting", (Date.now() - task.startedAt.getTime()) / 1000);
  const ended: TrainingEnd =
    earlyEnd ??
    (await train({
      engine,
      settings: spec.settings,
      steps,
      stepsPerEpoch: order.batchesPerEpoch,
      batches,
      trained,
      kept,
      folder,
      metrics: metrics.value,
      events: events.value,
      identity,
      about: new Map<string, string | number>([
        ["medctc", version],
        ["backend", engine.backend.name],
        ["steps", steps],
        [contractKey, encodeContract(sources.contract)],
        [drawnKey, encodeDrawn(drawn)],
      ]),
      from: checkpoint?.state ?? null,
      bestBy: by,
      evaluate,
      evaluated: new Set(evaluations.keys()),
      stopRequested: signals.requested,
      tell: (at) => {
        const residentBytes = process.memoryUsage.rss();
        const validated = evaluations.get(Math.max(...evaluations.keys()))?.loss?.values.get("loss");
        const metrics = validated === undefined ? at.metrics : new Map([["validation", validated], ...at.metrics]);
        reporter.progress(describeProgress({ ...at, metrics, steps, batch: spec.settings.batch, residentBytes }));
      },
      skip,
      now,
      spent,
    }));
  folder.spend(spent.times);
  reporter.progressEnd();
  metrics.value.close();
  events.value.close();
  const run = {
    engine,
    spec,
    contract: sources.contract,
    steps,
    trained,
    kept,
    drawn,
    folder,
    evaluations,
    bestBy: by,
    warnings,
    skipped: skipped.value.list(),
    task,
  };
  return finishTraining(ended, run, reporter);
}

function recordOf(
  { identity, order, steps }: Sources,
  { total, trainable }: TrainTask["compiled"]["plan"]["totals"],
  backend: string,
  task: TrainTask,
): Omit<RunRecord, "end" | "times"> {
  const { spec: text, seed, batch, precision } = identity;
  return {
    ...{ medctc: version, spec: task.path, text, backend, precision, seed, batch, steps },
    stepsPerEpoch: order.batchesPerEpoch,
    parameters: { total, trainable },
    startedAt: task.startedAt.toISOString(),
  };
}

function reportResumed({ state }: Checkpoint, engine: Engine, steps: number, reporter: Reporter): void {
  reporter.info(`resuming from step ${state.step} of ${steps}`);
  reportExtended(state, steps, reporter);
  const before = String(state.settings.get("backend"));
  if (backendNamed(before) === engine.backend) return;
  reporter.note(`this run was trained on ${before}; resuming on ${engine.backend.name}: the last digits will differ`);
}

/** Reports that a run is longer than it was, where its checkpoint says how long that is. */
function reportExtended({ settings, identity }: Checkpoint["state"], steps: number, reporter: Reporter): void {
  const before = settings.get("steps");
  if (typeof before !== "number" || steps <= before) return;
  const isPlanned = identity.steps > 0;
  const rate = isPlanned ? `; the learning rate now follows the schedule of ${steps} steps` : "";
  reporter.note(`extending the run from ${before} to ${steps} steps${rate}`);
}

/** Gives an engine what a checkpoint has, by paths. */
async function restore(
  engine: Engine,
  { state, parameters, averages, optimizer }: Checkpoint,
  trained: ReadonlyMap<string, Pick<TrainedParameter, "checkpoint">>,
): Promise<void> {
  const values = new Map([...optimizer].map(([path, { data }]) => [path, data]));
  for (const [path, { checkpoint }] of trained) {
    const tensor = parameters.get(checkpoint);
    if (tensor !== undefined) values.set(path, tensor.data);
    const average = averages.get(checkpoint);
    if (average !== undefined) values.set(averageName(path), average.data);
  }
  await engine.store(values, state.step);
}

/** Makes the first values their own averages, so that they are evaluated before the first step. */
async function startAverages(engine: Engine): Promise<void> {
  const values = await engine.read();
  await engine.store(
    new Map(
      [...values].flatMap(([path, data]): readonly (readonly [string, Float32Array])[] =>
        values.has(averageName(path)) ? [[averageName(path), data]] : [],
      ),
    ),
  );
}

function averageName(parameter: string): string {
  return nameOf({ kind: "slot", slot: "average", parameter });
}

/** Seconds since 1970. */
function now(): number {
  return Date.now() / 1000;
}
