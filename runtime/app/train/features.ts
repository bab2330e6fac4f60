import { join } from "node:path";
import {
  type Augmentation,
  type Features,
  featuresOf,
  inputsOf,
  nodesOf,
  stepPrograms,
} from "../../../compiler/index.ts";
import type { Backend, Engine } from "../../backends/index.ts";
import { type BoundInput, type DataInputs, fileInputs, operationsOf } from "../../data/index.ts";
import { cacheFolder } from "../../machine/index.ts";
import { type Batches, computeFeatures, type TrainingEnd, type TrainingOrder } from "../../train/index.ts";
import type { Reporter } from "../reporter.ts";
import type { Sources } from "./sources.ts";
import type { TrainTask } from "./task.ts";

/** Features of all examples are kept in memory; more than that is not. */
const featureBytes = 2 ** 30;

/**
 * What frozen encoders make of examples, where a step needs no volume then and all of it fits in memory. How long the training is
 * does not count: one that is extended has the numbers of one that was as long from the start. Reports where examples are seen more
 * than once, and this saves nothing because they are different each time.
 */
export function usefulFeatures(
  { spec, steps, trainSet, reading }: Sources,
  { runs, title }: Pick<Backend, "runs" | "title">,
  reporter: Reporter,
): Features | null {
  const { length } = trainSet.examples;
  const isSeenAgain = steps * spec.settings.batch >= 2 * length;
  // There would be neither features nor anything to report.
  if (!isSeenAgain && runs !== "programs") return null;
  const features = featuresOf(spec);
  if (features === null || features.bytesOfRow * length > featureBytes) return null;
  const files = new Set(fileInputs(reading.inputs).map(({ name }) => name));
  const needsVolumes = (stepPrograms(spec) ?? [])
    .flatMap((program) => nodesOf(features.readBy(program)))
    .some(({ operation }) => operation.op === "input" && files.has(operation.name));
  if (needsVolumes) return null;
  const changed = changedInputs(features, spec.data.augment, reading.inputs);
  if (changed === null && runs === "programs") return features;
  if (!isSeenAgain) return null;
  const why = changed === null ? `on ${title}` : `because \`augment\` changes ${changed}`;
  reporter.note(`activations of frozen layers are recomputed in each step, ${why}`);
  return null;
}

/** Which inputs of the frozen layers are changed at random, in words; null for none. */
function changedInputs(
  features: Features,
  augmentations: readonly Augmentation[],
  { inputs }: DataInputs,
): string | null {
  const read = new Set(inputsOf(features.program).map(({ name }) => name));
  const reads = (kinds: readonly BoundInput["kind"][]): boolean =>
    inputs.some(({ name, kind }) => kinds.includes(kind) && read.has(name));
  const { volumes, texts } = operationsOf(augmentations);
  if (volumes.length > 0 && reads(["volume", "image", "segmentation"])) return "the volumes that they read";
  return texts.length > 0 && reads(["tokens", "mask"]) ? "the texts that they read" : null;
}

/** Reads each volume of the remaining steps once for their features; says how the training ended where it did not come to its end. */
export async function readFeatures(
  features: Features,
  engine: Engine,
  batches: Batches,
  { spec, trainSet, order, steps, identity, checkpoint, reading: { inputs } }: Sources,
  { data: { cache, cacheBytes }, signals }: TrainTask,
  reporter: Reporter,
): Promise<TrainingEnd | null> {
  const { seed, precision } = spec.settings;
  const { length } = trainSet.examples;
  const step = checkpoint?.state.step ?? 0;
  const computed = await computeFeatures({
    engine,
    features,
    examples: length,
    needed: examplesBetween(order, step, steps, length),
    batches,
    folder: cacheBytes === 0 ? null : join(cache ?? cacheFolder(), "features"),
    identity: JSON.stringify([identity.weights, identity.data, spec.data, fileInputs(inputs), seed, precision]),
    tell: (count, needed) =>
      reporter.progress(`reading ${count} of ${needed} volumes to compute activations of frozen layers`),
    isStopped: () => signals.requested() !== null,
  });
  switch (computed.kind) {
    case "bad":
      return { kind: "wrong-data", problem: computed.error.problem, step };
    case "stopped":
      return { kind: "stopped", signal: signals.requested() ?? "SIGINT", step, saved: checkpoint !== null };
    case "table":
      batches.useFeatures(computed.table);
      return null;
  }
}

/** The examples that steps read, by their numbers and in their order. */
function examplesBetween(order: TrainingOrder, first: number, end: number, examples: number): readonly number[] {
  const read = new Set<number>();
  for (let step = first; step < end && read.size < examples; step++)
    for (const example of order.batchAt(step).examples) read.add(example);
  return [...read].toSorted((a, b) => a - b);
}
