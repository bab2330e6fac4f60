import {
  averagedBy,
  buildProgram,
  type Features,
  type Program,
  type ProgramName,
  readAverages,
  stepPrograms,
  type TracedSpec,
  type Validation,
} from "../../compiler/index.ts";
import type { Backend, Model } from "./backend.ts";

/** What an engine is asked for: training steps, or the encoders alone. */
export type EnginePurpose = "train" | "encode";

/**
 * The programs that training or evaluation needs: a step, in micro-batches where `micro_batch` cuts the batch, and the encoders,
 * both for the rows of one, and what gives the loss of held-out rows. Where a training keeps averages, these and the encoders read
 * them. With features, the step reads them, and a program gives them. Null where the model has no loss to train on, or cannot be cut.
 */
export function enginePrograms(
  spec: TracedSpec,
  { optimise }: Pick<Backend, "optimise">,
  purpose: EnginePurpose,
  features: Features | null = null,
  validation: Validation | null = null,
): readonly Program[] | null {
  const rows = spec.inMicroBatches === null ? spec : spec.inMicroBatches().spec;
  const encoders: readonly ProgramName[] = ["encode_image", "encode_text"];
  const step = purpose === "train" ? stepPrograms(spec) : [];
  if (step === null || rows === null) return null;
  const steps = features === null ? step : [...step.map(features.readBy), features.program];
  const trained = steps.map((program) => optimise(program, spec));
  const averaged = averagedBy(trained);
  const encoding = encoders.flatMap((name) => buildProgram(rows, name) ?? []);
  const reading = [...encoding, ...(validation?.programs ?? [])];
  return [...trained, ...reading.map((program) => optimise(readAverages(program, averaged), spec))];
}

/** Programs of a spec as a model that can be opened. */
export function modelOf(
  { parameters, trainable, settings: { seed } }: TracedSpec,
  programs: readonly Program[],
): Model {
  return { parameters, trainable, seed, programs };
}
