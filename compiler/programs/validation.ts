import type { Program } from "../ir/index.ts";
import { buildStep, type TracedSpec } from "./build.ts";
import { buildMicroBatchProgram, type Losses } from "./micro-batches.ts";

/**
 * What gives the loss of held-out rows, and what is logged beside it, without dropout and without gradients: `validate` for as
 * many rows as are computed at once, or else `validate_embed` for the rows of a micro-batch, and `validate_compare` for all of
 * them.
 */
export interface Validation {
  /** Rows of a batch. */
  readonly rows: number;
  /** Rows that are computed at once; they need not divide those of a batch. */
  readonly microBatch: number;
  readonly programs: readonly Program[];
}

/**
 * The programs for so many held-out examples: their batches are those of training, or all examples where these are fewer. Null
 * where the model has no loss, or does not compile for that number of rows.
 */
export function buildValidation(spec: TracedSpec, examples: number): Validation | null {
  const { batch, microBatch } = spec.settings;
  const rows = Math.min(batch, examples);
  const whole = stepAt(spec, rows);
  if (whole === null) return null;
  if (rows <= microBatch) return { rows, microBatch: rows, programs: [{ ...whole, name: "validate" }] };
  const part = stepAt(spec, microBatch);
  if (part === null) return null;
  const losses: Losses = { whole, microBatch: part };
  const built = (["embed", "compare"] as const).map((name) => buildMicroBatchProgram(name, losses, spec.trainable));
  const programs = built.flatMap((program) =>
    typeof program === "string" ? [] : [{ ...program, name: `validate_${program.name}` }],
  );
  return programs.length < built.length ? null : { rows, microBatch, programs };
}

function stepAt(spec: TracedSpec, rows: number): Program | null {
  const traced = rows === spec.settings.batch ? spec : spec.atRows(rows).spec;
  return traced === null ? null : buildStep(traced);
}
