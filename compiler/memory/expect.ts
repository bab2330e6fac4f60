import { stepPrograms, type TracedSpec } from "../programs/build.ts";
import type { TrainSettings } from "../settings/train.ts";
import { type MemoryModel, tensorflowMemory } from "./models.ts";
import { type Peak, peakOf } from "./peak.ts";
import { variableBytesOf } from "./variables.ts";

/** The memory that a training step is expected to take, in bytes. */
export interface ExpectedMemory {
  /** Whether the layers' activations are computed again in the backward pass. */
  readonly checkpoint: TrainSettings["checkpoint"];
  readonly precision: TrainSettings["precision"];
  /** What runs the step. */
  readonly title: string;
  /** Node and that itself. */
  readonly processBytes: number;
  /** Weights, what the optimizer keeps for them, and what is computed once. */
  readonly variableBytes: number;
  /** Inputs, activations and gradients where they are most, and the heap's holes. */
  readonly tensorBytes: number;
  /** All of that together. */
  readonly peakBytes: number;
  /** Where the tensors are most: an operation and the module that it is in. */
  readonly at: string;
}

/**
 * Expects the memory of a spec's training step, in pieces where the spec says so, as TensorFlow runs it unless another model is
 * given; null when the model has no loss.
 */
export function expectMemory(spec: TracedSpec, model: MemoryModel = tensorflowMemory): ExpectedMemory | null {
  const { title, processBytes, holes, growth } = model;
  const programs = stepPrograms(spec)?.map((program) => model.optimise(program, spec)) ?? [];
  const [first, ...others] = programs.map(peakOf);
  if (first === undefined) return null;
  const bytesOf = (each: Peak): number => Math.round(growth * each.tensorBytes + holes * each.pieceBytes);
  const peak = others.reduce((most, each) => (bytesOf(each) > bytesOf(most) ? each : most), first);
  const variableBytes = variableBytesOf(programs);
  const tensorBytes = bytesOf(peak);
  const { checkpoint, precision } = spec.settings;
  return {
    checkpoint,
    precision,
    title,
    processBytes,
    variableBytes,
    tensorBytes,
    peakBytes: processBytes + variableBytes + tensorBytes,
    at: placeOf(peak),
  };
}

function placeOf({ at }: Peak): string {
  if (at === null) return "nothing";
  const { operation, origin } = at;
  return origin.path === "" ? `${operation.op} outside all modules` : `${operation.op} in ${origin.path}`;
}
