import {
  averagedBy,
  buildProgram,
  type Features,
  type Plan,
  type Program,
  type ProgramName,
  readAverages,
  type ShortTexts,
  stepPrograms,
  type TracedSpec,
  type Unwritable,
  type Validation,
} from "../../compiler/index.ts";
import type { Backend, Model, ProgramBackend } from "./backend.ts";
import type { Launch } from "./launch.ts";
import type { Openable } from "./open-model.ts";

/** What an engine is asked for: training steps, or the encoders alone. */
export type EnginePurpose = "train" | "encode";

/** What is computed beside steps and encodings. */
export interface Besides {
  /** Activations of the frozen layers. */
  readonly features?: Features | null;
  /** The loss of held-out rows. */
  readonly validation?: Validation | null;
  readonly shortTexts?: ShortTexts | null;
}

/** What a backend opens of a spec, or why it has nothing to open: no step, or something in the spec that it cannot say. */
export type FoundOpenable =
  | Openable
  | { readonly runs: "no-step" }
  | { readonly runs: "unwritable"; readonly why: Unwritable };

/** What training or evaluation opens of a spec on a backend. */
export function openableFor(
  purpose: EnginePurpose,
  compiled: CompiledModel,
  backend: Backend,
  launch: Launch,
  besides: Besides = {},
): FoundOpenable {
  const programs = enginePrograms(compiled.spec, passesOf(backend), purpose, besides);
  return programs === null ? { runs: "no-step" } : openablePrograms(programs, compiled, backend, launch);
}

/** A spec with its plan, which has the names in checkpoints. */
interface CompiledModel {
  readonly spec: TracedSpec;
  readonly plan: Plan;
}

/** What is opened for some programs of a spec. */
export function openablePrograms(
  programs: readonly Program[],
  { spec, plan: { parameters, buffers } }: CompiledModel,
  backend: Backend,
  launch: Launch,
): FoundOpenable {
  if (backend.runs === "programs") return { runs: "programs", backend, model: modelOf(spec, programs) };
  const files = backend.write(spec);
  if ("span" in files) return { runs: "unwritable", why: files };
  const checkpoints = new Map([...parameters, ...buffers].map(({ path, checkpoint }) => [path, checkpoint]));
  return { runs: "models", backend, model: { spec, files, programs, checkpoints, launch } };
}

/** The passes of a backend; what runs models as a whole has optimisations of its own. */
export function passesOf(backend: Backend): Pick<ProgramBackend, "optimise"> {
  return backend.runs === "programs" ? backend : { optimise: (program) => program };
}

/**
 * The programs that training or evaluation needs: a step, in micro-batches where `micro_batch` cuts the batch, and the encoders,
 * both for the rows of one, and what gives the loss of held-out rows. Where a training keeps averages, these and the encoders read
 * them. With features, the step reads them, and a program gives them. Null where the model has no loss to train on, or cannot be cut.
 */
export function enginePrograms(
  spec: TracedSpec,
  { optimise }: Pick<ProgramBackend, "optimise">,
  purpose: EnginePurpose,
  { features = null, validation = null, shortTexts = null }: Besides = {},
): readonly Program[] | null {
  const rows = spec.inMicroBatches === null ? spec : spec.inMicroBatches().spec;
  const encoders: readonly ProgramName[] = ["encode_image", "encode_text"];
  const step = purpose === "train" ? stepPrograms(spec) : [];
  if (step === null || rows === null) return null;
  const steps = features === null ? step : [...step.map(features.readBy), features.program];
  const trained = steps.map((program) => optimise(program, spec));
  const averaged = averagedBy(trained);
  const encoding = encoders.flatMap((name) => buildProgram(rows, name) ?? []);
  const short = shortTexts === null ? [] : [shortTexts.program];
  const reading = [...encoding, ...short, ...(validation?.programs ?? [])];
  return [...trained, ...reading.map((program) => optimise(readAverages(program, averaged), spec))];
}

/** Programs of a spec as a model that can be opened. */
export function modelOf(
  { parameters, trainable, settings: { seed } }: TracedSpec,
  programs: readonly Program[],
): Model {
  return { parameters, trainable, seed, programs };
}
