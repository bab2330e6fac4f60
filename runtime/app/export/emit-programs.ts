import {
  buildProgram,
  emitOnnx,
  type OnnxModel,
  optimiseForOnnx,
  type Program,
  type TracedSpec,
  trialBatches,
  withDynamicBatch,
} from "../../../compiler/index.ts";
import { report } from "../../../grammar/index.ts";
import { compilePath } from "../../specs/index.ts";
import { type CompiledSpec, compileReported, type SpecRequest } from "../compiled-spec.ts";
import { problem, type Refused, type Reporter, refuse, refuseBy, refused } from "../reporter.ts";

/** The programs that can be exported. */
export const exportedPrograms = ["forward", "encode_image", "encode_text", "step"] as const;

export type ExportedProgram = (typeof exportedPrograms)[number];

/** In what form programs are written. */
export interface ProgramForm {
  /** Matrix products, and the weights that they read, in 16 bits. */
  readonly half: boolean;
  /** Another batch than the spec's, or any. */
  readonly batch: number | "dynamic" | null;
}

export interface EmitRequest extends SpecRequest, ProgramForm {
  readonly wanted: readonly ExportedProgram[];
  /** Fold adapters into the weights that they stand beside. */
  readonly merge: boolean;
  /** What is an input of every run, without a value in the model; null where adapters have their values there. */
  readonly served: ((compiled: CompiledSpec) => ReadonlySet<string>) | null;
}

/** A spec, and its programs in ONNX by their names. */
export interface EmittedPrograms {
  readonly kind: "emitted";
  readonly compiled: CompiledSpec;
  readonly programs: ReadonlyMap<string, Program>;
  readonly models: ReadonlyMap<string, OnnxModel>;
}

/** Compiles a spec and emits those of the wanted programs that it has; refuses where it has none of them. */
export function emitPrograms(request: EmitRequest, reporter: Reporter): EmittedPrograms | Refused {
  const { spec: path, set, batch, merge, half, wanted, served } = request;
  const forAnyBatch = batch === "dynamic";
  const [rows, ...otherRows] = batch === "dynamic" ? trialBatches : [batch];
  const compiled = compileReported(request, reporter, overridesFor(rows ?? null));
  if (compiled === null) return refused;
  const others = otherRows.map((other) => compilePath(path, { ...overridesFor(other), set }));
  const given = served?.(compiled) ?? null;
  const programs = new Map<string, Program>();
  const models = new Map<string, OnnxModel>();
  for (const name of wanted) {
    const traced = [compiled, ...others].flatMap(({ spec }) => {
      const program = spec === null ? null : buildProgram(spec, name);
      if (spec === null || program === null) return [];
      const context: TracedSpec = given === null ? spec : { ...spec, trainable: given };
      const optimised = optimiseForOnnx(program, context, { merge, half, forAnyBatch });
      const trainable = merge ? new Set<string>() : context.trainable;
      const settings = { trainable, gradients: false, forAnyBatch, served: given !== null };
      return [{ program: optimised, model: emitOnnx(optimised, settings) }];
    });
    const [first] = traced;
    if (first === undefined) continue;
    const model = forAnyBatch ? withDynamicBatch(traced.map((each) => each.model)) : first.model;
    if (typeof model === "string") {
      const message = `${name} cannot be written for any batch size: ${model}`;
      return refuse(problem(message, "set one with --batch"), reporter);
    }
    programs.set(name, first.program);
    models.set(name, model);
  }
  if (models.size === 0) {
    const why = wanted.includes("step") ? "the model has no loss" : "the `eval` block sets no latent for it";
    return refuseBy([report("no-such-program", path, { name: wanted.join(", "), why })], reporter);
  }
  return { kind: "emitted", compiled, programs, models };
}

/** How a step is cut, and what it may take, is no concern of an export. */
function overridesFor(rows: number | null) {
  return { ...(rows === null ? {} : { batch: rows, microBatch: rows }), precision: "f32", memory: null } as const;
}
