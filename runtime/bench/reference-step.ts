import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  buildProgram,
  compileSpec,
  firstValuesOf,
  inputsOf,
  type MeasuredStep,
  sharedInputs,
  type TimedProgram,
  type TracedSpec,
  timedStep,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import {
  type Backend,
  type Engine,
  inputsInMemory,
  type Launch,
  openableFor,
  openUnchecked,
  trainStep,
} from "../backends/index.ts";
import { libraryFolder, SpecLibrary } from "../specs/index.ts";
import { drawInputs } from "./inputs.ts";
import { spreadOf } from "./statistics.ts";
import { type Runs, timesOf } from "./time-program.ts";

/** Two transformers with adapters and a contrastive loss, as what is adapted has them, of the library's modules. */
interface Size {
  readonly name: string;
  readonly batch: number;
  readonly dim: number;
  readonly layers: number;
  readonly heads: number;
  readonly image: number;
  readonly patch: number;
  readonly words: number;
}

/** So small that operations take no time for what they compute. */
export const smallStep: Size = {
  ...{ name: "small", batch: 3, dim: 32, layers: 3, heads: 4 },
  ...{ image: 32, patch: 8, words: 12 },
};

/** As large as takes some tenths of a second: activations are larger than caches. */
export const largeStep: Size = {
  ...{ name: "large", batch: 4, dim: 256, layers: 3, heads: 8 },
  ...{ image: 224, patch: 14, words: 64 },
};

/** A model of such a size that a backend has opened. */
export interface Reference {
  readonly engine: Engine;
  readonly spec: TracedSpec;
  /** What its training step runs. */
  readonly programs: readonly TimedProgram[];
}

/** Opens such a model on a backend, does something with it, and closes it. */
export async function openReference<Result>(
  size: Size,
  backend: Backend,
  launch: Launch,
  folder: string,
  act: (opened: Reference) => Promise<Result>,
): Promise<Result> {
  const path = `${size.name}.vlm`;
  const { spec, plan } = compileSpec(createSource(path, textOf(size)), new SpecLibrary(libraryFolder(), path));
  if (spec === null || plan === null) throw new Error("invariant: the spec of a calibration compiles");
  const openable = openableFor("train", { spec, plan }, backend, launch);
  const programs = timedStep(spec, backend);
  if (openable.runs === "no-step" || openable.runs === "unwritable" || programs === null)
    throw new Error("invariant: the spec of a calibration has a step");
  const place = join(folder, `${size.name}-${launch.processes}`);
  mkdirSync(place, { recursive: true });
  const engine = await openUnchecked(openable, firstValuesOf(spec.parameters, 0), place);
  return await act({ engine, spec, programs }).finally(engine.dispose);
}

/** How long its training steps usually take. */
export async function timeStep({ engine, spec, programs }: Reference, runs: Runs): Promise<MeasuredStep> {
  const step = buildProgram(spec, "step");
  if (step === null) throw new Error("invariant: the spec of a calibration has a step");
  const rows = inputsInMemory(drawInputs(inputsOf(step)), spec.settings, sharedInputs(spec));
  let done = 0;
  const run = async (): Promise<void> => {
    await trainStep(engine, spec.settings, rows, done++, () => false);
  };
  return { programs, seconds: spreadOf(await timesOf(run, runs)).medianMs / 1000 };
}

function textOf({ name, batch, dim, layers, heads, image, patch, words }: Size): string {
  return `import "std/clip_text"
import "std/contrastive"
import "std/heads"
import "std/lora"
import "std/vit"
model ${name} {
  encoder vision = vit(size = ${image}, patch = ${patch}, dim = ${dim}, layers = ${layers}, heads = ${heads}, outputs = ${dim})
  encoder text = clip_text(vocab = 500, dim = ${dim}, layers = ${layers}, heads = ${heads}, length = ${words}, outputs = ${dim})
  freeze vision, text
  lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.qkv
  loss contrastive(vision.latent |> l2_normalize, text.latent |> l2_normalize, 10.0)
}
train { optimizer = adamw(lr = 1e-4), batch = ${batch}, epochs = 1, precision = "f32" }
`;
}
