import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Features, Plan, TracedSpec } from "../../compiler/index.ts";
import { backendNamed, type Engine } from "../backends/index.ts";
import type { DataProblem } from "../data/index.ts";
import { type Evaluation, encodeScores } from "../evaluate/index.ts";
import { attempt, type StorageProblem, writeAtomically } from "../files/index.ts";
import { exitCodeOf, type SignalWatch } from "../machine/index.ts";
import type { ReadSpec } from "../specs/index.ts";
import {
  Batches,
  type Checkpoint,
  describeProgress,
  type Evaluated,
  EventLog,
  MetricsLog,
  type RunFolder,
  SkippedFiles,
  type TrainingEnd,
  train,
} from "../train/index.ts";
import { failStorage, sayIsSkipped } from "./fail.ts";
import { evaluateHeldOut, readEvaluations, scoresFile } from "./held-out.ts";
import { type DataOptions, sayIsUncached, volumeBytesOf } from "./open-data.ts";
import { openEngine } from "./open-engine.ts";
import { Progress } from "./progress.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import type { TrainOptions } from "./train.ts";
import { finishTraining, sayIsStopped } from "./train-end.ts";
import { readFeatures, usefulFeatures } from "./train-features.ts";
import { openSources, type Sources } from "./train-sources.ts";

/** What is trained, and how it was asked for. */
export interface TrainRequest {
  readonly path: string;
  readonly compiled: ReadSpec & { readonly plan: Plan; readonly spec: TracedSpec };
  readonly data: DataOptions;
  readonly options: TrainOptions;
  readonly signals: SignalWatch;
  readonly startedAt: Date;
}

/** Trains into an opened folder. */
export async function trainInto(folder: RunFolder, request: TrainRequest, terminal: Terminal): Promise<ExitCode> {
  const sources = await openSources(folder, request, terminal);
  if (sources === null) return exitCodes.wrong;
  try {
    const progress = new Progress(terminal);
    const compiled = { ...request.compiled, spec: sources.spec };
    mkdirSync(folder.workFolder, { recursive: true });
    const features = usefulFeatures(sources);
    const { options } = request;
    const engine = await openEngine(compiled, "train", options, folder.workFolder, progress, terminal, features);
    if (engine === null) return exitCodes.wrong;
    try {
      const signal = request.signals.requested();
      if (signal === null) return await trainWith(engine, sources, folder, request, progress, terminal, features);
      sayIsStopped(sources.checkpoint?.state.step ?? 0, sources.steps, sources.checkpoint !== null, terminal);
      return exitCodeOf(signal);
    } finally {
      await engine.dispose();
    }
  } finally {
    sayIsUncached(sources.reading, terminal);
    await sources.reading.loader.dispose();
  }
}

async function trainWith(
  engine: Engine,
  sources: Sources,
  folder: RunFolder,
  request: TrainRequest,
  progress: Progress,
  terminal: Terminal,
  features: Features | null,
): Promise<ExitCode> {
  const { spec, order, steps, trainSet, held, reading, identity, checkpoint } = sources;
  const { compiled, data, signals } = request;
  const lastStep = checkpoint?.state.step ?? 0;
  const metrics = MetricsLog.open(folder.metricsPath, lastStep);
  if (metrics.kind === "failed") return failStorage(metrics.problem, terminal);
  const events = EventLog.open(folder.eventsFolder, { seconds: now(), host: hostname(), lastStep });
  if (events.kind === "failed") return failStorage(events.problem, terminal);
  const skipped = SkippedFiles.open(folder.skippedPath, checkpoint !== null);
  if (skipped.kind === "failed") return failStorage(skipped.problem, terminal);
  const said = new Set<string>();
  const skip = (problems: readonly DataProblem[]): StorageProblem | null => {
    for (const problem of problems) {
      const kept = skipped.value.add(problem);
      if (kept.kind === "failed") return kept.problem;
      if (said.has(problem.file)) continue;
      said.add(problem.file);
      progress.end();
      sayIsSkipped(problem, terminal);
    }
    return null;
  };
  for (const problem of [...trainSet.problems, ...(held?.problems ?? [])]) {
    const kept = skipped.value.add(problem);
    if (kept.kind === "failed") return failStorage(kept.problem, terminal);
  }
  const trained = new Map(
    compiled.plan.parameters.flatMap((each) => (each.trainable ? [[each.path, each] as const] : [])),
  );
  if (checkpoint !== null) {
    sayHowItGoesOn(checkpoint, engine, steps, terminal);
    await restore(engine, checkpoint, trained);
  }
  const evaluations =
    checkpoint === null ? new Map<number, Evaluation>() : readEvaluations(folder.evaluationsFolder, lastStep);
  // Saved before it was evaluated: its metric, and whether it is the best, are not known yet.
  if (checkpoint !== null && checkpoint.state.metric === null) evaluations.delete(lastStep);
  const isStopped = (): boolean => signals.requested() !== null;
  const evaluate =
    held === null
      ? null
      : async (step: number): Promise<Evaluated> => {
          const found = await evaluateHeldOut(engine, spec, held, reading, data, progress, isStopped);
          if (found.kind !== "evaluated") return found;
          const path = join(folder.evaluationsFolder, scoresFile(step));
          const saved = attempt(path, () => {
            mkdirSync(folder.evaluationsFolder, { recursive: true });
            writeAtomically(path, encodeScores(found.scores));
          });
          if (saved.kind === "failed") return { kind: "storage", problem: saved.problem };
          evaluations.set(step, found.evaluation);
          progress.end();
          sayEvaluation(step, found.evaluation, terminal);
          return found;
        };
  const batches = new Batches({
    examples: trainSet.examples,
    order,
    settings: spec.settings,
    volumeBytes: volumeBytesOf(spec.data),
    storage: spec.data.storage,
    skipBad: data.skipBad,
    ...reading,
  });
  const begun =
    features === null ? null : await readFeatures(features, engine, batches, sources, data, progress, signals);
  const unkept = skip(batches.takeSkipped());
  if (unkept !== null) return failStorage(unkept, terminal);
  const ended: TrainingEnd =
    begun ??
    (await train({
      engine,
      settings: spec.settings,
      steps,
      stepsPerEpoch: order.batchesPerEpoch,
      batches,
      trained,
      folder,
      metrics: metrics.value,
      events: events.value,
      identity,
      about: new Map([["backend", engine.backend.name]]),
      from: checkpoint?.state ?? null,
      evaluate,
      evaluated: new Set(evaluations.keys()),
      stopRequested: signals.requested,
      tell: (at) => {
        const residentBytes = process.memoryUsage.rss();
        progress.say(describeProgress({ ...at, steps, batch: spec.settings.batch, residentBytes }));
      },
      skip,
      now,
    }));
  progress.end();
  metrics.value.close();
  events.value.close();
  const run = { engine, spec, steps, trained, folder, evaluations, skipped: skipped.value.list(), request };
  return finishTraining(ended, run, terminal);
}

function sayHowItGoesOn({ state }: Checkpoint, engine: Engine, steps: number, terminal: Terminal): void {
  terminal.err(`resuming from step ${state.step} of ${steps}\n`);
  const before = String(state.settings.get("backend"));
  if (backendNamed(before) === engine.backend) return;
  terminal.err(`note: it was trained on ${before}; resuming on ${engine.backend.name}: the last digits will differ\n`);
}

function sayEvaluation(step: number, { examples, overall: { meanAuroc } }: Evaluation, terminal: Terminal): void {
  const value = meanAuroc.value === null ? `undefined (${meanAuroc.why})` : meanAuroc.value.toFixed(3);
  terminal.err(`step ${step}: mean AUROC ${value} on ${examples} held-out ${examples === 1 ? "volume" : "volumes"}\n`);
}

/** Gives an engine what a checkpoint has, by paths. */
async function restore(
  engine: Engine,
  { parameters, optimizer }: Checkpoint,
  trained: ReadonlyMap<string, { readonly checkpoint: string }>,
): Promise<void> {
  const values = new Map([...optimizer].map(([path, { data }]) => [path, data]));
  for (const [path, { checkpoint }] of trained) {
    const tensor = parameters.get(checkpoint);
    if (tensor !== undefined) values.set(path, tensor.data);
  }
  await engine.store(values);
}

/** Seconds since 1970. */
function now(): number {
  return Date.now() / 1000;
}
