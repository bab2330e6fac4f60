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
import { type Batches, computeFeatures, type TrainingEnd } from "../../train/index.ts";
import type { Reporter } from "../reporter.ts";
import type { Sources } from "./sources.ts";
import type { TrainTask } from "./task.ts";

/** Features of all examples are kept in memory; more than that is not. */
const featureBytes = 2 ** 30;

/**
 * What frozen encoders make of examples, where it is worth to read all volumes once for it: where a step needs no volume
 * then, all of it fits in memory, and examples are seen more than once. Reports where it would be, and is not because examples
 * are different each time.
 */
export function usefulFeatures(
  { spec, steps, trainSet, reading }: Sources,
  { runs, title }: Pick<Backend, "runs" | "title">,
  reporter: Reporter,
): Features | null {
  const { length } = trainSet.examples;
  if (steps * spec.settings.batch < 2 * length) return null;
  const features = featuresOf(spec);
  if (features === null || features.bytesOfRow * length > featureBytes) return null;
  const files = new Set(fileInputs(reading.inputs).map(({ name }) => name));
  const needsVolumes = (stepPrograms(spec) ?? [])
    .flatMap((program) => nodesOf(features.readBy(program)))
    .some(({ operation }) => operation.op === "input" && files.has(operation.name));
  if (needsVolumes) return null;
  const changed = changedInputs(features, spec.data.augment, reading.inputs);
  if (changed === null && runs === "programs") return features;
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

/** Reads all volumes once for their features; says how the training ended where it did not come to its end. */
export async function readFeatures(
  features: Features,
  engine: Engine,
  batches: Batches,
  { spec, trainSet, identity, checkpoint, reading: { inputs } }: Sources,
  { data: { cache, cacheBytes }, signals }: TrainTask,
  reporter: Reporter,
): Promise<TrainingEnd | null> {
  const { seed, precision, microBatch } = spec.settings;
  const { length } = trainSet.examples;
  const step = checkpoint?.state.step ?? 0;
  const computed = await computeFeatures({
    engine,
    features,
    rows: microBatch,
    examples: length,
    batches,
    folder: cacheBytes === 0 ? null : join(cache ?? cacheFolder(), "features"),
    identity: JSON.stringify([identity.weights, identity.data, spec.data, fileInputs(inputs), seed, precision]),
    tell: (count) => reporter.progress(`reading ${count} of ${length} volumes to compute activations of frozen layers`),
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
