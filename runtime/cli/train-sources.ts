import type { TracedSpec } from "../../compiler/index.ts";
import type { Dataset } from "../data/index.ts";
import {
  type Checkpoint,
  compareIdentity,
  type ExampleOrder,
  planOrder,
  type RunFolder,
  type RunIdentity,
} from "../train/index.ts";
import { openTensors } from "../weights/index.ts";
import { adapterFile } from "./adapter-file.ts";
import { fail, failStorage, refuse } from "./fail.ts";
import { openHeldOut } from "./held-out.ts";
import { type OpenedData, openData, openSplit } from "./open-data.ts";
import { datasetIdentity, describeDifference, fileIdentity, identityOf } from "./run-identity.ts";
import type { Terminal } from "./terminal.ts";
import type { TrainRequest } from "./train-run.ts";
import { weightFiles } from "./weight-sources.ts";

/** Everything that a training reads. */
export interface Sources {
  readonly spec: TracedSpec;
  readonly order: ExampleOrder;
  readonly steps: number;
  readonly trainSet: Dataset;
  readonly held: Dataset | null;
  readonly reading: OpenedData;
  readonly identity: RunIdentity;
  /** Where an earlier training into the folder stood. */
  readonly checkpoint: Checkpoint | null;
}

/**
 * Opens data and the folder's last checkpoint, and holds them against each other; null after saying what does not fit.
 * Throws what the file system says of weights that become unreadable.
 */
export async function openSources(
  folder: RunFolder,
  request: TrainRequest,
  terminal: Terminal,
): Promise<Sources | null> {
  const { data, options } = request;
  const seeded = request.compiled.spec;
  const checkpoint = lastCheckpoint(folder, options.resume, terminal);
  if (checkpoint === "wrong" || !areWeights(options, terminal)) return null;
  const trainSet = await openSplit(seeded, data, { reports: true, labels: null, split: "train" }, terminal);
  if (trainSet === null) return null;
  const { batch, epochs, schedule, seed, precision } = seeded.settings;
  const planned = planOrder({ examples: trainSet.examples.length, batch, seed });
  if (planned.kind === "too-few") {
    fail(planned.problem, planned.help, terminal);
    return null;
  }
  const held = await openHeldOut(seeded, data, terminal);
  const reading = held === "wrong" ? null : openData(seeded, data, terminal);
  if (held === "wrong" || reading === null) return null;
  const { order } = planned;
  const steps = options.steps ?? schedule.steps ?? epochs * order.batchesPerEpoch;
  const settings = { ...seeded.settings, schedule: { ...schedule, steps: schedule.steps ?? steps } };
  const { weights, adapter } = options;
  const identity: RunIdentity = {
    spec: request.compiled.text,
    data: identityOf(
      new Map([
        ["the training set", datasetIdentity(trainSet)],
        ["the held-out set", datasetIdentity(held)],
        ["the vocabulary", fileIdentity(reading.vocabulary)],
      ]),
    ),
    weights: identityOf(
      new Map([
        ["the file of --weights", fileIdentity(weights)],
        ["the file of --adapter", fileIdentity(adapter === null ? null : adapterFile(adapter))],
      ]),
    ),
    seed,
    batch,
    precision,
    steps: schedule.kind === "constant" ? 0 : settings.schedule.steps,
  };
  if (checkpoint !== null && !isSame(checkpoint.state.identity, identity, folder, terminal)) {
    await reading.loader.dispose();
    return null;
  }
  return { spec: { ...seeded, settings }, order, steps, trainSet, held, reading, identity, checkpoint };
}

/** Where an earlier training into the folder stood; `wrong` after saying why it cannot be gone on with. */
function lastCheckpoint(folder: RunFolder, resume: boolean, terminal: Terminal): Checkpoint | null | "wrong" {
  const latest = folder.checkpoints.latest();
  if (latest.kind === "failed") {
    failStorage(latest.problem, terminal);
    return "wrong";
  }
  for (const { subject, message } of latest.problems) terminal.err(`note: ${subject} is not used: ${message}\n`);
  if (latest.kind === "none") {
    if (resume) terminal.err(`note: ${folder.path} has no checkpoint to resume from; starting anew\n`);
    return null;
  }
  const { step } = latest.checkpoint.state;
  if (resume) return latest.checkpoint;
  const problem = `${folder.path} already contains a run, saved after step ${step}`;
  fail(problem, "use --resume to continue it, or choose another folder with -o", terminal);
  return "wrong";
}

/** Whether the files of weights can be read, said before anything that takes long. */
function areWeights(options: TrainRequest["options"], terminal: Terminal): boolean {
  const wrong = weightFiles(options).flatMap((file) => {
    const opened = openTensors(file);
    if (opened.kind === "wrong") return [opened.diagnostic];
    opened.close();
    return [];
  });
  if (wrong.length > 0) refuse(wrong, terminal);
  return wrong.length === 0;
}

function isSame(saved: RunIdentity, now: RunIdentity, folder: RunFolder, terminal: Terminal): boolean {
  const differences = compareIdentity(saved, now);
  for (const { field, saved: before, now: after } of differences) {
    const problem = `the run in ${folder.path} cannot be resumed with a different \`${field}\`: ${describeDifference(field, before, after)}`;
    fail(problem, "give it what it was started with, or train into another folder with -o", terminal);
  }
  return differences.length === 0;
}
