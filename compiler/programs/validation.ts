import { type Node, neededFor, type Program, rewrite } from "../ir/index.ts";
import { buildStep, type TracedSpec } from "./build.ts";
import { rowValuesOf } from "./coupling-points.ts";
import { imageOutputs } from "./encoders.ts";
import { inputsOf } from "./inputs.ts";
import { buildMicroBatchProgram, type Losses } from "./micro-batches.ts";
import { nameOf } from "./values.ts";

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
  /** The inputs that take what `encode_image` gives of each row, by its outputs; null where the programs read files themselves. */
  readonly encoded: ReadonlyMap<string, string> | null;
}

/**
 * The programs for so many held-out examples: their batches are those of training, or all examples where these are fewer. Null
 * where the model has no loss, or does not compile for that number of rows.
 */
export function buildValidation(spec: TracedSpec, examples: number): Validation | null {
  const { rows, microBatch } = rowsFor(spec, examples);
  const whole = stepAt(spec, rows);
  if (whole === null) return null;
  if (rows === microBatch) return { rows, microBatch, programs: [{ ...whole, name: "validate" }], encoded: null };
  const part = stepAt(spec, microBatch);
  if (part === null) return null;
  const losses: Losses = { whole, microBatch: part };
  const built = (["embed", "compare"] as const).map((name) => buildMicroBatchProgram(name, losses, spec.trainable));
  const programs = built.flatMap((program) =>
    typeof program === "string" ? [] : [{ ...program, name: `validate_${program.name}` }],
  );
  return programs.length < built.length ? null : { rows, microBatch, programs, encoded: null };
}

/**
 * The same programs for examples that are encoded for the tasks of classes anyway: their volumes need not be encoded again for the loss. Null
 * where the loss, or what is logged beside it, reads more of the inputs that take `files` than `encode_image` gives, and where a row's
 * encoding follows from other rows.
 */
export function encodedValidation(
  spec: TracedSpec,
  validation: Validation,
  files: ReadonlySet<string>,
): Validation | null {
  const { rows, microBatch } = validation;
  const names = new Map<Node, string>();
  const encoded = new Map<string, string>();
  for (const traced of [...new Set([rows, microBatch])].map((count) => tracedAt(spec, count))) {
    for (const [output, written] of imageOutputs(spec.evaluation)) {
      const node = traced?.outputs.get(written);
      if (node === undefined) continue;
      const name = nameOf({ kind: "encoded", output });
      names.set(node, name);
      encoded.set(output, name);
    }
  }
  const programs = validation.programs.map((program) =>
    rewrite(program, (node, _, build) => {
      const name = names.get(node);
      return name === undefined ? null : build.add({ op: "input", name, type: node.type });
    }),
  );
  const readsFiles = programs.some((program) => inputsOf(program).some(({ name }) => files.has(name)));
  return readsFiles || !areRowsApart(spec, rows, new Set(names.keys())) ? null : { ...validation, programs, encoded };
}

/** Whether all of some values that the loss reads are of each row by itself. */
function areRowsApart(spec: TracedSpec, rows: number, values: ReadonlySet<Node>): boolean {
  const ends = endsAt(spec, rows);
  const apart = rowValuesOf(ends, endsAt(spec, 2 * rows));
  return apart !== null && neededFor(ends).every((node) => !values.has(node) || apart.has(node));
}

function endsAt(spec: TracedSpec, rows: number): readonly Node[] {
  return [...(stepAt(spec, rows)?.outputs.values() ?? [])];
}

function rowsFor({ settings }: TracedSpec, examples: number): Pick<Validation, "rows" | "microBatch"> {
  const rows = Math.min(settings.batch, examples);
  return { rows, microBatch: Math.min(rows, settings.microBatch) };
}

function tracedAt(spec: TracedSpec, rows: number): TracedSpec | null {
  return rows === spec.settings.batch ? spec : spec.atRows(rows).spec;
}

function stepAt(spec: TracedSpec, rows: number): Program | null {
  const traced = tracedAt(spec, rows);
  return traced === null ? null : buildStep(traced);
}
