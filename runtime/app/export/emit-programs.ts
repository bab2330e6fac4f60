import {
  buildProgram,
  emitOnnx,
  type OnnxModel,
  type OnnxSettings,
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
  /** The products of each program that stay in 32 bits where `half` is asked for, by their places. */
  readonly inSingle?: ReadonlyMap<ExportedProgram, ReadonlySet<number>>;
  /** What is an input of every run, without a value in the model; null where adapters have their values there. */
  readonly served: ((compiled: CompiledSpec) => ReadonlySet<string>) | null;
}

/** A spec, and its programs in ONNX by their names. */
export interface EmittedPrograms {
  readonly kind: "emitted";
  readonly compiled: CompiledSpec;
  readonly programs: ReadonlyMap<string, Program>;
  readonly models: ReadonlyMap<string, OnnxModel>;
  /** What training changes of them, which keeps a value of its own. */
  readonly trainable: ReadonlySet<string>;
  /** The same models with some weights in 8 bits, by their paths, with the axis of which each slice has a scale. */
  readonly withIntegers: (axes: ReadonlyMap<string, number>) => ReadonlyMap<string, OnnxModel>;
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
  const trainable = merge ? new Set<string>() : (given ?? compiled.spec.trainable);
  const traced = new Map<string, readonly Program[]>();
  const settings = { trainable, gradients: false, forAnyBatch, served: given !== null };
  const modelOf = (
    atBatches: readonly Program[],
    forms: Pick<OnnxSettings, "integers" | "whole">,
  ): OnnxModel | string => {
    const [first, ...more] = atBatches.map((program) => emitOnnx(program, { ...settings, ...forms }));
    if (first === undefined) throw new Error("invariant: a program is traced at one batch at least");
    return forAnyBatch ? withDynamicBatch([first, ...more]) : first;
  };
  const programs = new Map<string, Program>();
  const models = new Map<string, OnnxModel>();
  for (const name of wanted) {
    const inSingle = request.inSingle?.get(name) ?? new Set();
    const atBatches = [compiled, ...others].flatMap(({ spec }) => {
      const program = spec === null ? null : buildProgram(spec, name);
      if (spec === null || program === null) return [];
      const context: TracedSpec = given === null ? spec : { ...spec, trainable: given };
      return [optimiseForOnnx(program, context, { merge, half, forAnyBatch, inSingle })];
    });
    if (atBatches.length > 0) traced.set(name, atBatches);
  }
  const firsts = [...traced.values()].flatMap((atBatches) => atBatches.slice(0, 1));
  const whole = half ? storedWhole(firsts.map((program) => emitOnnx(program, settings))) : new Set<string>();
  for (const [name, atBatches] of traced) {
    const [first] = atBatches;
    if (first === undefined) continue;
    const model = modelOf(atBatches, { whole });
    if (typeof model === "string") {
      const message = `${name} cannot be written for any batch size: ${model}`;
      return refuse(problem(message, "set one with --batch"), reporter);
    }
    programs.set(name, first);
    models.set(name, model);
  }
  if (models.size === 0) {
    const why = wanted.includes("step") ? "the model has no loss" : "the `eval` block sets no latent for it";
    return refuseBy([report("no-such-program", path, { name: wanted.join(", "), why })], reporter);
  }
  const withIntegers = (axes: ReadonlyMap<string, number>): ReadonlyMap<string, OnnxModel> =>
    new Map(
      [...traced].map(([name, atBatches]) => {
        const model = modelOf(atBatches, { integers: axes, whole });
        if (typeof model === "string") throw new Error(`invariant: ${name} is written for any batch size`);
        return [name, model];
      }),
    );
  return { kind: "emitted", compiled, programs, models, trainable, withIntegers };
}

/** Weights that some program reads in 32 bits: programs share their files, so all read them so. */
function storedWhole(models: readonly OnnxModel[]): ReadonlySet<string> {
  const all = models.flatMap(({ weights }) => weights);
  return new Set(all.flatMap(({ name, type }) => (type.dtype === "f32" ? [name] : [])));
}

/** How a step is cut, and what it may take, is no concern of an export. */
export function overridesFor(rows: number | null) {
  return { ...(rows === null ? {} : { batch: rows, microBatch: rows }), precision: "f32", memory: null } as const;
}
