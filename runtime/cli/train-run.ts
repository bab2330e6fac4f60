import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { type Features, featuresOf, nodesOf, type Plan, stepPrograms, type TracedSpec } from "../../compiler/index.ts";
import type { DataProblem, Dataset } from "../data/index.ts";
import type { Engine } from "../engine/index.ts";
import { type Evaluation, encodeScores } from "../evaluate/index.ts";
import { attempt, writeAtomically } from "../files/index.ts";
import { cacheFolder } from "../native/index.ts";
import {
  Batches,
  type Checkpoint,
  compareIdentity,
  computeFeatures,
  describeProgress,
  type Evaluated,
  EventLog,
  type ExampleOrder,
  MetricsLog,
  planOrder,
  type RunFolder,
  type RunIdentity,
  type SignalWatch,
  type TrainingEnd,
  train,
} from "../train/index.ts";
import { fail, failStorage, sayIsSkipped } from "./fail.ts";
import { evaluateHeldOut, openHeldOut, readEvaluations, scoresPath } from "./held-out.ts";
import { type DataOptions, type OpenedData, openData, openSplit, volumeBytesOf } from "./open-data.ts";
import { openEngine } from "./open-engine.ts";
import { Progress } from "./progress.ts";
import type { ReadSpec } from "./read-spec.ts";
import { datasetIdentity, fileIdentity } from "./run-identity.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import type { TrainOptions } from "./train.ts";
import { finishTraining } from "./train-end.ts";

/** What is trained, and how it was asked for. */
export interface TrainRequest {
  readonly path: string;
  readonly compiled: ReadSpec & { readonly plan: Plan; readonly spec: TracedSpec };
  readonly data: DataOptions;
  readonly options: TrainOptions;
  /** For files that are needed while it runs. */
  readonly temporary: string;
  readonly signals: SignalWatch;
  readonly startedAt: Date;
}

/** Everything that a training reads. */
interface Sources {
  readonly spec: TracedSpec;
  readonly order: ExampleOrder;
  readonly steps: number;
  readonly trainSet: Dataset;
  readonly held: Dataset | null;
  readonly identity: RunIdentity;
  /** Where an earlier training into the folder stood. */
  readonly checkpoint: Checkpoint | null;
}

/** Trains into an opened folder. */
export async function trainInto(folder: RunFolder, request: TrainRequest, terminal: Terminal): Promise<ExitCode> {
  const sources = await openSources(folder, request, terminal);
  if (sources === null) return exitCodes.wrong;
  const reading = openData(sources.spec, request.data, terminal);
  if (reading === null) return exitCodes.wrong;
  try {
    const progress = new Progress(terminal);
    const compiled = { ...request.compiled, spec: sources.spec };
    const features = usefulFeatures(sources, reading.inputs.volume);
    const { options, temporary } = request;
    const engine = await openEngine(compiled, "train", options, temporary, progress, terminal, features);
    if (engine === null) return exitCodes.wrong;
    try {
      return await trainWith(engine, sources, reading, folder, request, progress, terminal, features);
    } finally {
      await engine.dispose();
    }
  } finally {
    await reading.loader.dispose();
  }
}

/** Opens data and the folder's last checkpoint, and holds them against each other; null after saying what does not fit. */
async function openSources(folder: RunFolder, request: TrainRequest, terminal: Terminal): Promise<Sources | null> {
  const { data, options } = request;
  const seeded = request.compiled.spec;
  const latest = folder.checkpoints.latest();
  if (latest.kind === "failed") {
    failStorage(latest.problem, terminal);
    return null;
  }
  for (const { path: file, reason } of latest.problems) terminal.err(`note: ${file} is not used: ${reason}\n`);
  const checkpoint = latest.kind === "found" ? latest.checkpoint : null;
  if (checkpoint !== null && !options.resume) {
    const problem = `${folder.path} has a training of ${checkpoint.state.step} steps already`;
    fail(problem, "go on with it by --resume, or give another folder with -o", terminal);
    return null;
  }
  const trainSet = await openSplit(seeded, data, { reports: true, labels: null, split: "train" }, terminal);
  if (trainSet === null) return null;
  const { batch, epochs, schedule, seed, precision } = seeded.settings;
  const planned = planOrder({ examples: trainSet.examples.length, batch, seed });
  if (planned.kind === "too-few") {
    fail(planned.problem, planned.help, terminal);
    return null;
  }
  const { order } = planned;
  const steps = options.steps ?? schedule.steps ?? epochs * order.batchesPerEpoch;
  const settings = { ...seeded.settings, schedule: { ...schedule, steps: schedule.steps ?? steps } };
  const identity: RunIdentity = {
    spec: request.compiled.text,
    data: datasetIdentity(trainSet),
    weights: `${fileIdentity(options.weights)} ${fileIdentity(options.adapter)}`,
    seed,
    batch,
    precision,
  };
  const differences = checkpoint === null ? [] : compareIdentity(checkpoint.state.identity, identity);
  for (const { field, saved, now } of differences) {
    const help = `train with what it had, or into another folder with -o`;
    fail(`${folder.path} was trained with another \`${field}\`: ${saved}, and not ${now}`, help, terminal);
  }
  if (differences.length > 0) return null;
  const held = await openHeldOut(seeded, data, terminal);
  return held === "wrong"
    ? null
    : { spec: { ...seeded, settings }, order, steps, trainSet, held, identity, checkpoint };
}

async function trainWith(
  engine: Engine,
  sources: Sources,
  reading: OpenedData,
  folder: RunFolder,
  request: TrainRequest,
  progress: Progress,
  terminal: Terminal,
  features: Features | null,
): Promise<ExitCode> {
  const { spec, order, steps, trainSet, held, identity, checkpoint } = sources;
  const { compiled, data, signals } = request;
  const lastStep = checkpoint?.state.step ?? 0;
  const metrics = MetricsLog.open(folder.metricsPath, lastStep);
  if (metrics.kind === "failed") return failStorage(metrics.problem, terminal);
  const events = EventLog.open(folder.eventsFolder, { seconds: now(), host: hostname(), lastStep });
  if (events.kind === "failed") return failStorage(events.problem, terminal);
  const trained = new Map(
    compiled.plan.parameters.flatMap((each) => (each.trainable ? [[each.path, each] as const] : [])),
  );
  if (checkpoint !== null) await restore(engine, checkpoint, trained);
  const evaluations = checkpoint === null ? new Map<number, Evaluation>() : readEvaluations(folder.path, lastStep);
  const skipped: DataProblem[] = [...trainSet.problems, ...(held?.problems ?? [])];
  const skip = (problem: DataProblem): void => {
    skipped.push(problem);
    progress.end();
    sayIsSkipped(problem, terminal);
  };
  const isStopped = (): boolean => signals.requested() !== null;
  /** Reads all volumes once for what frozen encoders make of them; says how it ended where it did not come to its end. */
  const readAllFeatures = async (known: Features, batches: Batches): Promise<TrainingEnd | null> => {
    const { seed, precision, microBatch } = spec.settings;
    const computed = await computeFeatures({
      engine,
      features: known,
      rows: microBatch,
      examples: trainSet.examples.length,
      batches,
      folder: data.cacheBytes === 0 ? null : join(data.cache ?? cacheFolder(), "features"),
      identity: JSON.stringify([identity.weights, identity.data, spec.data, seed, precision]),
      tell: (done) => progress.say(`reading ${done} of ${trainSet.examples.length} volumes for their frozen features`),
      isStopped,
    });
    if (computed.kind === "bad") return { kind: "wrong-data", problem: computed.error.problem, step: lastStep };
    if (computed.kind === "stopped")
      return { kind: "stopped", signal: signals.requested() ?? "SIGINT", step: lastStep };
    batches.useFeatures(computed.table);
    return null;
  };
  const evaluate = async (step: number): Promise<Evaluated> => {
    if (held === null) return { kind: "stopped" };
    const found = await evaluateHeldOut(engine, spec, held, reading, data, progress, isStopped);
    if (found.kind !== "evaluated") return found;
    const path = scoresPath(folder.path, step);
    const saved = attempt(path, () => {
      mkdirSync(dirname(path), { recursive: true });
      writeAtomically(path, encodeScores(found.scores));
    });
    if (saved.kind === "failed") return { kind: "storage", problem: saved.problem };
    evaluations.set(step, found.evaluation);
    const { value } = found.evaluation.overall.meanAuroc;
    progress.end();
    terminal.err(
      `step ${step}: mean AUROC ${value === null ? "undefined" : value.toFixed(3)} on ${held.examples.length} held-out volumes\n`,
    );
    return found;
  };
  const batches = new Batches({
    examples: trainSet.examples,
    order,
    settings: spec.settings,
    volumeBytes: volumeBytesOf(spec.data),
    skipBad: data.skipBad,
    skip,
    ...reading,
  });
  const begun = features === null ? null : await readAllFeatures(features, batches);
  const ended =
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
      from: checkpoint?.state ?? null,
      evaluate: held === null ? null : evaluate,
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
  return finishTraining(ended, { engine, spec, steps, trained, folder, evaluations, skipped, request }, terminal);
}

/** Features of all examples are kept in memory; more than that is not. */
const featureBytes = 2 ** 30;

/**
 * What frozen encoders make of examples, where it is worth to read all volumes once for it: where a step needs no volume
 * then, all of it fits in memory, and examples are seen more than once.
 */
function usefulFeatures({ spec, steps, trainSet }: Sources, volume: string): Features | null {
  const { length } = trainSet.examples;
  if (steps * spec.settings.batch < 2 * length) return null;
  const features = featuresOf(spec);
  if (features === null || features.bytesOfRow * length > featureBytes) return null;
  const needsVolumes = (stepPrograms(spec) ?? [])
    .flatMap((program) => nodesOf(features.readBy(program)))
    .some(({ operation }) => operation.op === "input" && operation.name === volume);
  return needsVolumes ? null : features;
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
