import {
  buildProgram,
  type Features,
  optimise,
  optimiseForOnnx,
  type Program,
  type ProgramName,
  stepPrograms,
  type TracedSpec,
} from "../../compiler/index.ts";
import type { Engine } from "./engine.ts";

/** What an engine is asked for: training steps, or the encoders alone. */
export type EnginePurpose = "train" | "encode";

/**
 * The programs that training or evaluation needs: a step, in pieces where `micro_batch` cuts the batch, and the encoders,
 * both for the rows of a piece. With features, the step reads them, and a program gives them. Null where the model has no loss to train on, or cannot be cut.
 */
export function enginePrograms(
  spec: TracedSpec,
  backend: Engine["backend"],
  purpose: EnginePurpose,
  features: Features | null = null,
): readonly Program[] | null {
  const rows = spec.inMicroBatches === null ? spec : spec.inMicroBatches().spec;
  const encoders: readonly ProgramName[] = ["encode_image", "encode_text"];
  const step = purpose === "train" ? stepPrograms(spec) : [];
  if (step === null || rows === null) return null;
  const steps = features === null ? step : [...step.map(features.readBy), features.program];
  const built = [...steps, ...encoders.flatMap((name) => buildProgram(rows, name) ?? [])];
  const run = backend === "tfjs" ? optimise : optimiseForOnnx;
  return built.map((program) => run(program, spec));
}
